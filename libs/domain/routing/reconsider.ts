import { decision, type Verdict } from './decision.ts';
import { type Amounts, type Course, gains, type Improvement, improvementOf, moveCost, netGain } from './gain.ts';
import { bestOfZones, planSites, type Site, type SitePlan } from './objective.ts';
import { stays } from './place.ts';
import { type Candidate, compareCandidates, type Situation, situationOf } from './situation.ts';
import type { Decision, ReconsiderInput } from './contract.ts';
import type { NodeOffer } from './types.ts';
import type { KeepReason } from './words.ts';

/**
 * W-69: whether running work moves. All must hold: constraints, a score that is enough better over the comparison window,
 * moves left, a net gain over the remaining work, the best plan's first step, and fresh signals at both ends.
 *
 * @throws RangeError where the work does not run anywhere
 */
export function reconsider(input: ReconsiderInput): Decision {
  if (!input.ask.current) throw new RangeError(`workload ${input.ask.workloadId} does not run: place it`);
  const situation = situationOf(input);
  const found = weigh(situation);
  const { target, keep } = found;
  const kind: Verdict['kind'] = input.kind && input.kind !== 'move' ? input.kind : keep ? 'keep' : 'move';
  const current = situation.current!;
  const shared = { ...found.shown, kind, ranked: [...situation.candidates, current] };
  if (keep || !target) return decision(situation, { ...shared, outcome: { do: 'keep', reason: keep ?? 'no_candidate' }, reason: keep ?? 'no_candidate', winner: current });
  const others = situation.candidates.filter(({ node }) => node.zone === target.node.zone && node !== target.node).sort(compareCandidates(situation));
  const nodes = [target, ...others].map(({ node }) => node.slug);
  return decision(situation, { ...shared, outcome: { do: 'move', nodes, counts: true }, reason: 'moves', winner: target });
}

interface Weighed {
  readonly target: Candidate | null;
  /** Null: it moves. */
  readonly keep: KeepReason | null;
  readonly shown: Pick<Verdict, 'improvement' | 'gain' | 'plan'>;
}

function weigh(situation: Situation): Weighed {
  const { current, candidates, input: { ask } } = situation;
  const nothing = (keep: KeepReason): Weighed => ({ target: null, keep, shown: {} });
  if (!ask.checkpoint.supported) return nothing('no_checkpoint');
  const here = current!.site;
  if (!here || !isFresh(current!)) return nothing('stale_signal');
  const fresh = candidates.filter((one) => one.site !== null && isFresh(one));
  if (fresh.length === 0) return nothing(candidates.length > 0 ? 'stale_signal' : 'no_candidate');
  const movesLeft = Math.max(0, ask.policy.maxMoves - ask.movesUsed);
  const { plan, next } = planFrom(here, fresh, situation, movesLeft);
  const target = next ?? bestOverWindow(here, fresh, situation);
  const improvement = improvementOf(here, target.site!, ask);
  const settings = { ask, tariff: situation.tariff };
  const cost = moveCost(here, target.site!, settings);
  const net = netGain(here, courseOf(plan, here, next ? null : target.site!), settings);
  const keep = firstFailing({ improvement, movesLeft, net, planned: next !== null }, situation);
  return { target, keep, shown: { improvement, gain: { net, cost }, plan: stays(plan, here) } };
}

const isFresh = ({ hours }: Candidate): boolean => hours?.view.signal?.fresh ?? false;

/** The conditions of W-69 in the order in which they are told. */
function firstFailing(found: { improvement: Improvement; movesLeft: number; net: Amounts; planned: boolean }, { input: { ask } }: Situation): KeepReason | null {
  const { improvementE6, neededE6 } = found.improvement;
  if (improvementE6 <= 0n) return 'best_already';
  if (found.movesLeft === 0) return 'moves_used_up';
  if (improvementE6 < neededE6) return 'below_threshold';
  if (!gains(found.net, ask.policy.weights)) return 'no_net_gain';
  return found.planned ? null : 'plan_later';
}

/** The best plan from here, and the candidate of its first step if that is a move now (W-71). */
function planFrom(here: Site, fresh: readonly Candidate[], situation: Situation, moves: number): { plan: SitePlan; next: Candidate | null } {
  const { objective, input: { ask }, tariff } = situation;
  const byOrder = compareCandidates(situation);
  const byNode = new Map(fresh.map((one) => [one.node, one]));
  const candidateOf = (node: NodeOffer) => byNode.get(node)!;
  const best = bestOfZones(fresh.map(({ site }) => site!), objective, (a, b) => byOrder(candidateOf(a), candidateOf(b)));
  const plan = planSites([here, ...best], { objective, ask, moves, tariff, start: 0 });
  const first = plan.plan.path(0)[0]!;
  return { plan, next: first === 0 ? null : candidateOf(best[first - 1]!.node) };
}

/** The plan's course, or, to show what a move that is not planned would bring, moving to `instead` and staying there. */
function courseOf({ plan, sites, problem: { chunks } }: SitePlan, here: Site, instead: Site | null): Course {
  return { chunks, sites: instead ? Array.from({ length: chunks }, () => instead) : plan.path(sites.indexOf(here)).map((at) => sites[at]!) };
}

/** Whom the work would be compared with if the plan moved: the best mean score over the window, then the ties. */
function bestOverWindow(here: Site, fresh: readonly Candidate[], situation: Situation): Candidate {
  const byOrder = compareCandidates(situation);
  const scored = fresh.map((one) => ({ one, by: improvementOf(here, one.site!, situation.input.ask).improvementE6 }));
  return scored.sort((a, b) => (a.by === b.by ? byOrder(a.one, b.one) : a.by > b.by ? -1 : 1))[0]!.one;
}
