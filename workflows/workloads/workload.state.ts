import type { Followed } from '#activities/workloads/job-ends';
import { nextState, type EndReason, type PauseReason, type WorkloadEvent, type WorkloadState } from '#domain/workload/states';
import type { DecidedAction, EventRef, TargetSegment } from './workload.messages.ts';

/** What the run knows of its workload: ids and enum values, which is also what the query `state` answers. */
export interface WorkloadView {
  readonly state: WorkloadState;
  /** Why it is paused, or how it ends. */
  readonly reason: PauseReason | EndReason | null;
  /** The segment in force, from its reservation to its end. */
  readonly node: TargetSegment | null;
  readonly decisionId: string | null;
  /** When it looks again by itself: the end of a wait, of a pause, of a breath after a start that failed. */
  readonly wakeAtMs: number;
}

export const ACCEPTED: WorkloadView = { state: 'accepted', reason: null, node: null, decisionId: null, wakeAtMs: 0 };

export interface RerouteRequest {
  readonly mode: 'force' | 'evaluate';
  readonly targetNodeId?: string;
  answer?: { readonly decisionId: string } | { readonly refused: 'no-candidate' | 'invalid-transition'; readonly excluded?: Readonly<Record<string, number>> };
}

export type AskedAction = DecidedAction & { readonly event?: EventRef };

/** What came in and is not done yet. Handlers only write here; the story reads it, in the order of `nextTask`. */
export interface Inbox {
  ending: EndReason | null;
  pause: PauseReason | null;
  resume: boolean;
  /** Events that ended and gave leave to resume, also while their pause was still under way. */
  over: string[];
  routeNow: boolean;
  reroute: RerouteRequest | null;
  leave: 'drain' | 'quarantine' | null;
  followed: Followed | null;
  readonly actions: AskedAction[];
  /** Keys of events that this workload was told of: a second signal changes nothing. */
  readonly events: string[];
}

export const emptyInbox = (events: readonly string[] = []): Inbox =>
  ({ ending: null, pause: null, resume: false, over: [], routeNow: false, reroute: null, leave: null, followed: null, actions: [], events: [...events] });

export interface Life {
  view: WorkloadView;
  readonly inbox: Inbox;
  readonly lifeEndsMs: number;
}

export type Task =
  | { readonly do: 'end'; readonly reason: EndReason }
  | { readonly do: 'heed'; readonly followed: Followed }
  | { readonly do: 'pause'; readonly reason: PauseReason }
  | { readonly do: 'reroute'; readonly request: RerouteRequest }
  | { readonly do: 'leave'; readonly cause: 'drain' | 'quarantine' }
  | { readonly do: 'act'; readonly action: AskedAction }
  | { readonly do: 'resume' }
  | { readonly do: 'place'; readonly mayWait: boolean }
  /** Nothing to do before a message or, where named, this time. */
  | { readonly do: 'wait'; readonly untilMs: number | null };

/** What the story does next. An end comes before all, what the job did before what is wanted of it. */
export function nextTask({ view, inbox, lifeEndsMs }: Life, nowMs: number): Task {
  if (inbox.ending) return { do: 'end', reason: inbox.ending };
  if (nowMs >= lifeEndsMs) return { do: 'end', reason: 'max_lifetime' };
  if (view.state === 'running') return runningTask(inbox);
  const [action] = inbox.actions;
  if (action) return { do: 'act', action };
  if (view.state === 'paused' && inbox.resume) return { do: 'resume' };
  if (view.state === 'paused' && nowMs >= view.wakeAtMs) return { do: 'end', reason: 'paused_too_long' };
  const looks = view.state !== 'paused' && (inbox.routeNow || nowMs >= view.wakeAtMs);
  // Work that once ran, or was asked for now, no longer waits for a better hour.
  if (looks) return { do: 'place', mayWait: !inbox.routeNow && view.state !== 'placing' };
  return { do: 'wait', untilMs: Math.min(view.wakeAtMs, lifeEndsMs) };
}

function runningTask({ followed, pause, reroute, leave, actions }: Inbox): Task {
  if (followed) return { do: 'heed', followed };
  if (pause) return { do: 'pause', reason: pause };
  if (reroute) return { do: 'reroute', request: reroute };
  if (leave) return { do: 'leave', cause: leave };
  if (actions[0]) return { do: 'act', action: actions[0] };
  // The activity that watches the job comes back at least every hour, so a life that is over is seen without a timer.
  return { do: 'wait', untilMs: null };
}

/** The view after an event. Leaving a node or a pause forgets them; the reason stands only where it says something. */
export function advance(view: WorkloadView, event: WorkloadEvent, change: Partial<WorkloadView> = {}): WorkloadView {
  return { ...view, reason: null, ...change, state: nextState(view.state, event) };
}

export const eventKey = ({ zone, eventId }: EventRef) => `${zone}/${eventId}`;

const WORDS: Readonly<Record<WorkloadState, string>> = {
  accepted: 'Accepted. Looking for the first node.',
  waiting: 'Waiting for a better hour on the grid; it starts in time for its deadline.',
  queued: 'No node fits at the moment. Looks again every interval, and when something changes.',
  placing: 'A node is being reserved and the job started there.',
  running: 'Running.',
  checkpointing: 'About to move: the job is saving its state.',
  moving: 'Moving: starting on the new node from the saved state, while the old one goes on.',
  paused: 'Paused; the GPUs are free.',
  settling: 'Work is over. Waiting for the last energy reports, then the books are written.',
  completed: 'Finished.',
  failed: 'Failed.',
  cancelled: 'Cancelled.',
  expired: 'Expired.',
};

const REASONS: Readonly<Record<PauseReason | EndReason, string>> = {
  customer: 'The customer asked for it.',
  operator: 'An operator asked for it.',
  shed: 'The grid asked for less load; it resumes when that is over.',
  budget: 'A budget is used up; raise it and resume.',
  finished: 'All units are done.',
  job_error: 'The job failed and has no retry left.',
  attempts_exhausted: 'Ten nodes were lost under it.',
  checkpoint_corrupt: 'Its saved state cannot be read.',
  node_protocol_error: 'The node answered what nobody can read.',
  by_customer: 'The customer cancelled it.',
  by_operator: 'An operator cancelled it.',
  budget_exhausted: 'A budget is used up, and the order says to stop then.',
  deadline_before_start: 'Its deadline came before a node did.',
  deadline_missed: 'Its hard deadline has passed.',
  paused_too_long: 'It was paused for too long.',
  max_lifetime: 'It reached the longest life a workload may have.',
};

/** What the Web UI says, to somebody who has never seen this code. Zones and numbers only, no names. */
export function inWords({ state, reason, node }: WorkloadView): string {
  const where = node ? ` Zone ${node.zone}, segment ${node.segment}.` : '';
  return `${WORDS[state]}${reason ? ` ${REASONS[reason]}` : ''}${where}`;
}
