import { GPUS } from '#domain/fleet/gpus';
import { operationalGrams } from '#domain/quantities/energy';
import type { MgPerKwh } from '#domain/quantities/quantities';
import { type Estimate, estimateStay } from '#domain/routing/estimate';
import { everPossible, quote } from '#domain/routing/quote';
import type { Ready } from '#domain/routing/ready';
import type { RoutingInput } from '#domain/routing/contract';
import type { NodeOffer, WorkAsk, ZoneView } from '#domain/routing/types';
import { BUDGET_UNITS, LEDGER_NAMES, type BudgetAmounts, type WorkloadBudget } from '#domain/workload/budget';
import { divideHalfEven } from '#domain/quantities/round';
import { Problem } from '#platform/errors/problem';

/** How clean the worst zone is by its published mean; where no signal is known, the top of its range counts, never 0 (W-95). */
export interface WorstZone {
  readonly intensityMgPerKwh: bigint;
}

/** Many orders are weighed over one reading of fleet and grid. */
export type ReadyInput = RoutingInput & { readonly ready: Ready };

/**
 * What the order is expected to take, for reservations: on the node that would be chosen now, or where none is free on the
 * cheapest that could ever take it.
 * @throws Problem unknown-zone, unknown-gpu-model, no-node-matches, deadline-too-near or budget-too-small, with the numbers (W-83)
 */
export function weighOrder(input: ReadyInput, limits: WorkloadBudget | null, worst: WorstZone): BudgetAmounts {
  const { ask, nodes } = input;
  refuseUnknown(ask, nodes, input.zones);
  const possible = possibleNodes(input);
  const amounts = possible.map((node) => ({ node, needed: amountsOf(node, estimateOn(node, input), worst) }));
  const cheapest = amounts.reduce((a, b) => (b.needed.usd < a.needed.usd ? b : a));
  refuseSmallBudget(limits, amounts.map(({ needed }) => needed));
  const chosen = quote(input).candidates[0]?.node;
  return (amounts.find(({ node }) => node.slug === chosen) ?? cheapest).needed;
}

function refuseUnknown({ constraints, gpuModel }: WorkAsk, nodes: readonly NodeOffer[], zones: readonly ZoneView[]): void {
  const known = new Set(zones.map(({ zone }) => zone));
  const unknown = [...(constraints.zones ?? []), ...(constraints.excludeZones ?? [])].filter((zone) => !known.has(zone));
  if (unknown.length > 0) throw new Problem('unknown-zone', `No grid zone is called ${unknown.join(', ')}; GET /api/v1/zones lists them.`, { unknown, known: [...known].sort() });
  const models = new Set([...Object.keys(GPUS), ...nodes.map((node) => node.gpuModel)]);
  if (gpuModel !== undefined && !models.has(gpuModel)) throw new Problem('unknown-gpu-model', `No GPU model is called ${gpuModel}.`, { known: [...models].sort() });
}

/** Nodes that could ever take it; free GPUs, health and signals pass with time and do not count (W-62). */
function possibleNodes({ ask, ready, time }: ReadyInput): readonly NodeOffer[] {
  const { nodes, excluded } = everPossible(ready.table, ask, time);
  if (nodes.length > 0) return nodes;
  const { deadlineMs, ...schedule } = ask.schedule;
  const anyTime = { ...ask, schedule };
  const late = deadlineMs === undefined ? [] : everPossible(ready.table, anyTime, time).nodes;
  if (late.length === 0) throw new Problem('no-node-matches', 'No node of the fleet can ever meet these resources and constraints; excluded says how many fail by what.', { excluded });
  const earliest = Math.min(...late.map((node) => estimateOn(node, { ask, ready, time }).endMs));
  throw new Problem('deadline-too-near', 'No node can finish before the deadline, with the 10 % that is kept in hand; give it more time or fewer units.', {
    excluded, deadline: new Date(deadlineMs!).toISOString(), earliest_end: new Date(earliest).toISOString(),
  });
}

const estimateOn = (node: NodeOffer, { ask, ready, time }: Pick<ReadyInput, 'ask' | 'ready' | 'time'>): Estimate =>
  estimateStay(node, ask, ready.hoursOf(node.zone), time);

/** Energy without PUE, as budgets count it (P-70); money never below 0, since a reservation cannot be negative. */
function amountsOf(node: NodeOffer, { totalMicroUsd, energyMj, ng }: Estimate, worst: WorstZone): BudgetAmounts {
  const top = divideHalfEven(worst.intensityMgPerKwh * 16n, 10n) as MgPerKwh;
  return { usd: totalMicroUsd > 0n ? totalMicroUsd : 0n, kwh: energyMj, co2e_g: ng ?? operationalGrams(energyMj, node.pueE4, top) };
}

/** A limit that not even the cheapest node could keep to is a mistake, and said before anything runs. */
function refuseSmallBudget(limits: WorkloadBudget | null, estimates: readonly BudgetAmounts[]): void {
  for (const unit of BUDGET_UNITS) {
    const limit = limits?.[LEDGER_NAMES[unit]];
    const least = estimates.map((one) => one[unit]).reduce((a, b) => (b < a ? b : a));
    if (limit !== undefined && BigInt(limit) < least)
      throw new Problem('budget-too-small', `The budget's ${unit} is below the cheapest estimate of this work; raise it or order less.`, {
        pointer: `/budget/${unit}`, [`limit_${LEDGER_NAMES[unit]}`]: limit, [`cheapest_${LEDGER_NAMES[unit]}`]: least.toString(),
      });
  }
}
