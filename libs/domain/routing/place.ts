import { decision, type Verdict } from './decision.ts';
import { bestOfZones, expectedFrom, moveObjective, planSites, type PlanSettings, type Site, type SitePlan } from './objective.ts';
import { type Candidate, compareCandidates, type Situation, situationOf } from './situation.ts';
import type { Decision, PlaceInput } from './contract.ts';
import type { NodeOffer } from './types.ts';
import { betterStart, type Waiting } from './wait.ts';

/**
 * W-66, W-67: where work starts, or why it does not yet. Candidates go by expected objective over the whole work with its
 * planned moves, then by score; without any forecast by score alone; without any signal by rental price (W-64).
 */
export function place(input: PlaceInput): Decision {
  const situation = situationOf(input);
  const { notBeforeMs = 0 } = input.ask.schedule;
  const kind = input.kind ?? 'place';
  const { ranked, plan, settings } = rank(situation);
  const [winner] = ranked;
  if (notBeforeMs > input.time.nowMs) return decision(situation, notYet(ranked, notBeforeMs));
  if (!winner) return decision(situation, { kind, outcome: { do: 'queue' }, reason: 'no_candidate', ranked, winner: null });
  const wait = plan && winner.site && input.mayWait ? betterStart(input, { winner: winner.site, now: winner.objective!, plan, settings }) : null;
  if (wait) return decision(situation, waits(ranked, winner, wait));
  const outcome = { do: 'place', nodes: ranked.map(({ node }) => node.slug) } as const;
  return decision(situation, { kind, outcome, reason: reasonOf(situation, plan), ranked, winner, ...(plan && winner.site && { plan: stays(plan, winner.site) }) });
}

const notYet = (ranked: readonly Candidate[], notBeforeMs: number): Verdict => ({
  kind: 'wait', outcome: { do: 'wait', startsByMs: notBeforeMs, bestStartMs: notBeforeMs }, reason: 'not_before', ranked, winner: null,
  wait: { startsByMs: notBeforeMs, bestStartMs: notBeforeMs, saving: null },
});

const waits = (ranked: readonly Candidate[], winner: Candidate, wait: Waiting): Verdict =>
  ({ kind: 'wait', outcome: { do: 'wait', startsByMs: wait.startsByMs, bestStartMs: wait.bestStartMs }, reason: 'better_hour', ranked, winner, wait });

const reasonOf = ({ carbonUnknown }: Situation, plan: SitePlan | null): string =>
  carbonUnknown ? 'price_without_signal' : plan ? 'lowest_expected_objective' : 'lowest_score';

export interface Ranking {
  /** Best first. */
  readonly ranked: readonly Candidate[];
  /** Null where no forecast or no signal lets one look ahead. */
  readonly plan: SitePlan | null;
  readonly settings: PlanSettings;
}

/** All candidates with their expected objective, best first. `from` is where running work leaves: then getting there counts too. */
export function rank(situation: Situation, from: Site | null = null): Ranking {
  const { candidates, carbonUnknown, objective, input: { ask }, tariff } = situation;
  const byOrder = compareCandidates(situation);
  const moves = ask.checkpoint.supported ? Math.max(0, ask.policy.maxMoves - ask.movesUsed) : 0;
  const settings = { objective, ask, moves, tariff, start: 0 };
  const ahead = !carbonUnknown && candidates.some(({ hours }) => hours !== null && hours.known > 1);
  if (!ahead) return { ranked: [...candidates].sort(byOrder), plan: null, settings };
  const byNode = new Map(candidates.map((one) => [one.node, one]));
  const before = (a: NodeOffer, b: NodeOffer) => byOrder(byNode.get(a)!, byNode.get(b)!);
  const plan = planSites(bestOfZones(candidates.map(({ site }) => site!), objective, before), settings);
  const ranked = candidates.map((one) => ({ ...one, objective: Math.round(expectedFrom(one.site!, plan, objective) + (from ? moveObjective(from, one.site!, settings) : 0)) }));
  return { ranked: ranked.sort(byOrder), plan, settings };
}

/** The plan's stays from this site on, in hours from its start. */
export function stays({ plan, sites, chunkHours }: SitePlan, site: Site): { hour: number; zone: string }[] {
  const path = plan.path(sites.findIndex(({ node }) => node.zone === site.node.zone));
  return path.flatMap((at, k) => (k > 0 && path[k - 1] === at ? [] : [{ hour: Math.round(k * chunkHours * 100) / 100, zone: sites[at]!.node.zone }]));
}
