import { decision } from './decision.ts';
import { moveCost, netGain } from './gain.ts';
import { expectedFrom } from './objective.ts';
import { rank, type Ranking } from './place.ts';
import { type Candidate, type Situation, situationOf } from './situation.ts';
import type { Decision, LeaveInput } from './contract.ts';
import type { KeepReason } from './words.ts';

/**
 * W-74: work has to leave its node for `shed`, drain or quarantine, or is told to (`force`). Threshold, gain and plan are
 * skipped, constraints never. Without a move left, or without a place to go, shed work pauses; forced work stays.
 *
 * @throws RangeError where the work does not run anywhere
 */
export function answerShed(input: LeaveInput): Decision {
  if (!input.ask.current) throw new RangeError(`workload ${input.ask.workloadId} does not run: place it`);
  const situation = situationOf(input);
  const ranking = rank(situation, situation.current!.site);
  const { ranked } = ranking;
  const current = staying(situation.current!, ranking);
  const wanted = input.targetNode ? ranked.filter(({ node }) => node.slug === input.targetNode || node.id === input.targetNode) : ranked;
  const stop = whyNot(input, wanted);
  const shared = { kind: input.cause === 'force' ? 'request' : 'event', ranked: [...ranked, current] } as const;
  if (stop && input.cause === 'shed' && stop !== 'firm_load') return decision(situation, { ...shared, outcome: { do: 'pause', reason: 'shed' }, reason: stop, winner: null });
  if (stop) return decision(situation, { ...shared, outcome: { do: 'keep', reason: stop }, reason: stop, winner: current });
  const outcome = { do: 'move', nodes: wanted.map(({ node }) => node.slug), counts: input.counts } as const;
  return decision(situation, { ...shared, outcome, reason: input.cause, winner: wanted[0]!, ...gainOf(situation, wanted[0]!) });
}

/** The present node with what staying is expected to cost: beside others' objectives none would stand for 0, before them all. */
const staying = (current: Candidate, { plan, settings: { objective } }: Ranking): Candidate =>
  (plan && current.site ? { ...current, objective: Math.round(expectedFrom(current.site, plan, objective)) } : current);

/** Null where it may move. A drain of a deploy uses up no move, so it needs none; neither may any drain fail for want of one. */
function whyNot({ ask, cause, counts }: LeaveInput, wanted: readonly Candidate[]): KeepReason | null {
  if (cause === 'shed' && ask.shedBehaviour === 'continue') return 'firm_load';
  if (cause === 'shed' && ask.shedBehaviour === 'pause') return 'asked_to_pause';
  // Without checkpoints work starts again from 0, which only `shed: move` accepts (W-75).
  if (!ask.checkpoint.supported && !(cause === 'shed' && ask.shedBehaviour === 'move')) return 'no_checkpoint';
  if (wanted.length === 0) return 'no_candidate';
  return (cause === 'shed' || cause === 'force') && counts && ask.movesUsed >= ask.policy.maxMoves ? 'moves_used_up' : null;
}

/** What leaving brings or costs, for the record: the new node to the end, against staying. */
function gainOf({ current, input: { ask }, tariff }: Situation, { site }: Candidate) {
  if (!current?.site || !site) return {};
  const settings = { ask, tariff };
  return { gain: { cost: moveCost(current.site, site, settings), net: netGain(current.site, { chunks: 1, sites: [site] }, settings) } };
}
