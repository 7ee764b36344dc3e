import type { FleetTable } from './fleet-table.ts';
import { rank } from './place.ts';
import { lastingConstraint, slowestInTime } from './screen.ts';
import { situationOf, stayOf } from './situation.ts';
import type { RoutingInput } from './contract.ts';
import type { NodeOffer, RoutingTime, WorkAsk } from './types.ts';
import type { ExclusionCounts } from './words.ts';

/** W-81's quote, in the words of the API; nothing is reserved. */
export interface Quote {
  readonly candidates: readonly {
    readonly node: string;
    readonly zone: string;
    readonly expected_ng: string | null;
    readonly expected_micro_usd: string;
    readonly energy_mj: string;
    readonly expected_end: string;
  }[];
  readonly excluded: ExclusionCounts;
  readonly carbon_unknown: boolean;
}

export function quote(input: RoutingInput): Quote {
  const situation = situationOf(input);
  const candidates = rank(situation).ranked.slice(0, 3).map((one) => {
    const { ng, totalMicroUsd, energyMj, endMs } = stayOf(one, input);
    return {
      node: one.node.slug, zone: one.node.zone, expected_ng: ng === null ? null : String(ng),
      expected_micro_usd: String(totalMicroUsd), energy_mj: String(energyMj), expected_end: new Date(endMs).toISOString(),
    };
  });
  return { candidates, excluded: situation.excluded, carbon_unknown: situation.carbonUnknown };
}

export interface Possible {
  /** None: refuse the work with `no-node-matches` and `excluded`, or, if all that is left is `deadline`, as a deadline too near. */
  readonly nodes: readonly NodeOffer[];
  readonly excluded: ExclusionCounts;
}

/**
 * W-62: what no node could EVER meet. Counts hardware, place, owner, rental price and the deadline; not what passes with
 * time: free GPUs, health, trust, signals, events. A retired node is none.
 */
export function everPossible(table: FleetTable, ask: WorkAsk, time: RoutingTime): Possible {
  const minSpeedE3 = slowestInTime(ask, time);
  const excluded: ExclusionCounts = {};
  const nodes = table.nodes.filter((node, i) => {
    if (node.state === 'retired') return false;
    const why = lastingConstraint(table.classes[table.class[i]!]!, node, ask, minSpeedE3);
    if (why) excluded[why] = (excluded[why] ?? 0) + 1;
    return why === null;
  });
  return { nodes, excluded };
}
