import { type Estimate, estimateStay, reservedByOthers } from './estimate.ts';
import type { FleetTable } from './fleet-table.ts';
import type { ZoneHours } from './hours.ts';
import { type Objective, objectiveOf, SAMPLE_TARIFF, type Site, siteOf } from './objective.ts';
import { pick, scoreAt } from './pick.ts';
import { readyOf } from './ready.ts';
import { compareTies } from './score.ts';
import { candidatesOf, constraintOf, type Screened } from './screen.ts';
import type { RoutingInput } from './contract.ts';
import type { MoveTariff, NodeOffer } from './types.ts';
import type { Constraint, ExclusionCounts } from './words.ts';

/** A node that may take the work, with what orders it among the others. */
export interface Candidate {
  readonly node: NodeOffer;
  readonly hours: ZoneHours | null;
  readonly site: Site | null;
  /** Null without a signal. */
  readonly scoreE6: number | null;
  /** Whole µUSD or ng, so that what is stored orders as what was compared; null where score alone decides. */
  readonly objective: number | null;
}

/** An input made ready: the fleet screened, the zones' hours summed. Every decision begins here. */
export interface Situation {
  readonly input: RoutingInput;
  readonly candidates: readonly Candidate[];
  readonly current: Candidate | null;
  readonly excluded: ExclusionCounts;
  readonly excludedSample: readonly { readonly node: string; readonly constraint: Constraint }[];
  readonly carbonUnknown: boolean;
  readonly objective: Objective;
  readonly tariff: MoveTariff;
  readonly hoursOf: (zone: string) => ZoneHours | null;
}

/** @throws RangeError where the work's present node is not among the nodes */
export function situationOf(input: RoutingInput): Situation {
  const { ask, time } = input;
  const { table, hoursOf } = input.ready ?? readyOf(input.nodes, input.zones);
  const { screened } = pick(table, ask, time);
  const make = (i: number) => candidateAt(table, i, input, hoursOf);
  const own = ask.current ? table.bySlug.get(ask.current.nodeSlug) ?? -1 : -1;
  if (ask.current && own < 0) throw new RangeError(`workload ${ask.workloadId} runs on ${ask.current.nodeSlug}, which is not among the nodes: hand in its node too`);
  const fitting = candidatesOf(screened).filter((i) => i !== own).map(make);
  const { within, beyond } = withinBudget(fitting, input);
  return {
    input, hoursOf, candidates: within, current: own < 0 ? null : make(own),
    ...exclusions(table.nodes, screened, own, beyond),
    carbonUnknown: screened.carbonUnknown, objective: objectiveOf(ask.policy.weights), tariff: input.tariff ?? SAMPLE_TARIFF,
  };
}

function candidateAt(table: FleetTable, i: number, { ask }: RoutingInput, hoursOf: Situation['hoursOf']): Candidate {
  const node = table.nodes[i]!;
  const hours = hoursOf(node.zone);
  return { node, hours, site: hours && siteOf(node, hours, ask), scoreE6: hours && scoreAt(table, i, ask), objective: null };
}

/** W-62 `budget`: whoever is expected to need more than is left. */
function withinBudget(all: Candidate[], { ask, time }: RoutingInput): { within: Candidate[]; beyond: Candidate[] } {
  const left = ask.budgetLeft;
  if (!left) return { within: all, beyond: [] };
  const fits = ({ node, hours }: Candidate) => {
    const { totalMicroUsd, energyMj, ng } = estimateStay(node, ask, hours, time);
    return totalMicroUsd <= (left.microUsd ?? totalMicroUsd) && energyMj <= (left.energyMj ?? energyMj) && (ng === null || ng <= (left.ng ?? ng));
  };
  const within = all.filter(fits);
  return { within, beyond: all.filter((one) => !within.includes(one)) };
}

/** Each node once: as candidate, as the present node, or under its constraint. */
function exclusions(nodes: readonly NodeOffer[], { codes, excluded }: Screened, own: number, beyond: readonly Candidate[]): Pick<Situation, 'excluded' | 'excludedSample'> {
  const counts: ExclusionCounts = { ...excluded };
  if (own >= 0 && codes[own] !== 0) {
    const name = constraintOf(codes[own]!);
    counts[name] = counts[name]! - 1;
    if (counts[name] === 0) delete counts[name];
  }
  if (beyond.length > 0) counts.budget = beyond.length;
  const sample: { node: string; constraint: Constraint }[] = beyond.map(({ node }) => ({ node: node.slug, constraint: 'budget' as const }));
  for (let i = 0; i < codes.length && sample.length < 50; i += 1) {
    if (codes[i] !== 0 && i !== own) sample.push({ node: nodes[i]!.slug, constraint: constraintOf(codes[i]!) });
  }
  return { excluded: counts, excludedSample: sample.slice(0, 50) };
}

/** W-66, W-59: objective, then score, then the ties; without any signal rental price, then slug (W-64). */
export const compareCandidates = (situation: Pick<Situation, 'input' | 'carbonUnknown'>) => (a: Candidate, b: Candidate): number => {
  if (situation.carbonUnknown) return Number(a.node.priceMicroUsdPerGpuHour - b.node.priceMicroUsdPerGpuHour) || (a.node.slug < b.node.slug ? -1 : 1);
  return (a.objective ?? 0) - (b.objective ?? 0) || (a.scoreE6 ?? 0) - (b.scoreE6 ?? 0) || compareTies(tieOf(a, situation.input), tieOf(b, situation.input));
};

export const priceOf = ({ node, hours }: Candidate): bigint | null => (hours ? BigInt(hours.price.values[0]!) + node.energyAdderMicroUsdPerMwh : null);

const tieOf = (one: Candidate, { ask }: RoutingInput) => ({
  priceMicroUsdPerMwh: Number(priceOf(one) ?? 0n), reserved: reservedByOthers(one.node, ask), gpus: one.node.gpus, trust: one.node.trust, slug: one.node.slug,
});

export const stayOf = ({ node, hours }: Candidate, { ask, time }: RoutingInput): Estimate => estimateStay(node, ask, hours, time);
