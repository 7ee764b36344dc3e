import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { EventView } from './event.state.ts';

/** Ids and limits only: evidence, workloads and answers are rows, read by activities. */
export interface GridEventInput {
  readonly zone: string;
  readonly eventId: string;
  readonly limits: GridEventLimits;
  /** True where the opening condition was seen but W-53's count is not reached: the run then waits in MONITORING. */
  readonly awaitsConfirmation?: boolean;
  /** What an earlier run of the same event hands on when it continues as new. */
  readonly carried?: GridEventCarried;
}

export interface GridEventCarried {
  readonly view: EventView;
  readonly endsAtMs: number;
}

export interface GridEventLimits {
  /** W-103: workloads signalled and unanswered at most, and signals of one activity. */
  readonly windowSize: number;
  /** Ids decided in one transaction. */
  readonly pageSize: number;
  /** Asked once more after this long, `no_answer` after as long again. */
  readonly askAgainMs: number;
  /** While the event is open, newcomers are looked for this often. */
  readonly intervalMs: number;
  /** W-100: a longer event is closed as `rolled` and goes on in a successor. */
  readonly maxLifeMs: number;
  /** W-148: a history of this length is continued in a new run of the same event. */
  readonly historyEvents: number;
}

export const GRID_EVENT_LIMITS = { windowSize: 50, pageSize: 200, askAgainMs: 30_000, maxLifeMs: 24 * 3_600_000, historyEvents: 3_000 } as const;

/** One run per event: the same start of the same kind is the same event (W-54). */
export const gridEventWorkflowId = (zone: string, eventId: string) => `grid-event/${zone}/${eventId}`;

/** Why the grid says that it is over. `not_confirmed`: the condition faded before it counted. */
export type CloseCause = 'condition_over' | 'call_ended' | 'cancelled' | 'not_confirmed';

/** Signals: the zone's run and the close route do not wait for the agent, and the same one twice changes nothing. */
export const eventConfirmed = defineSignal('eventConfirmed');
export const eventClosed = defineSignal<[{ readonly cause: CloseCause }]>('eventClosed');

export const gridEventView = defineQuery<EventView>('event');
