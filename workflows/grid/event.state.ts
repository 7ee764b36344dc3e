import { inWords, NO_COUNTS, type EventCounts } from '#domain/incident/answers';
import type { CloseCause } from './event.messages.ts';

/** The incident agent's states (W-98, W-99): every change is an entry of this table. */
const NEXT = {
  MONITORING: ['ANOMALY_DETECTED', 'RESOLVED'],
  ANOMALY_DETECTED: ['EVALUATING', 'RESOLVED'],
  EVALUATING: ['ADAPTING', 'RESOLVED'],
  /** Again EVALUATING for newcomers, every interval while the event is open. */
  ADAPTING: ['EVALUATING', 'RESOLVED'],
  RESOLVED: [],
} as const satisfies Record<string, readonly string[]>;

export type EventState = keyof typeof NEXT;
export type EventCause = 'condition_seen' | 'confirmed' | 'opened' | 'newcomers' | 'picked' | 'rolled' | CloseCause;

export interface EventView {
  readonly state: EventState;
  readonly cause: EventCause;
  readonly counts: EventCounts;
  /** Number of this change: the history's key, so that a repeated activity writes it once. */
  readonly seq: number;
}

export const FIRST: EventView = { state: 'MONITORING', cause: 'condition_seen', counts: NO_COUNTS, seq: 1 };

/** @throws RangeError where the table has no such change: a bug here, never somebody's mistake */
export function changed(view: EventView, state: EventState, cause: EventCause): EventView {
  const allowed: readonly EventState[] = NEXT[view.state];
  if (!allowed.includes(state)) throw new RangeError(`an event that is ${view.state} cannot become ${state}; it can become: ${allowed.join(', ') || 'nothing more'}`);
  return { ...view, state, cause, seq: view.seq + 1 };
}

const IN_WORDS: Readonly<Record<EventState, string>> = {
  MONITORING: 'The condition was seen; it must hold a little longer before anybody is asked.',
  ANOMALY_DETECTED: 'Confirmed. Evidence is frozen and the alert is raised.',
  EVALUATING: 'Looking for the work that this concerns.',
  ADAPTING: 'Each workload is told what was decided for it, and answers.',
  RESOLVED: 'Over. Everybody has answered and paused work was called back.',
};

/** What the Web UI says of the run, to somebody who has never seen this code. */
export const detailsOf = ({ state, cause, counts }: EventView): string =>
  state === 'RESOLVED' && cause === 'not_confirmed' ? 'The condition faded before it counted; nobody was asked.' : `${IN_WORDS[state]} ${inWords(counts)}`;
