import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { WorkloadView } from './workload.state.ts';

/** Ids and limits only: rows are read by activities (W-93). */
export interface WorkloadInput {
  readonly orgId: string;
  readonly workloadId: string;
  /** Wall milliseconds of one grid interval, and the longest waits of this page: from the input, so that tests pass milliseconds (O-111). */
  readonly limits: WorkloadLimits;
  /** What an earlier run of the same workload hands on when it continues as new. */
  readonly carried?: WorkloadCarried;
}

export interface WorkloadLimits {
  readonly intervalMs: number;
  /** W-75: the target must run within this, else the source goes on. */
  readonly startTimeoutMs: number;
  /** W-89: how long settling waits for reports. */
  readonly settleTimeoutMs: number;
  readonly pausedTooLongMs: number;
  readonly maxLifetimeMs: number;
}

export interface WorkloadCarried {
  readonly view: WorkloadView;
  readonly answeredEvents: readonly string[];
  readonly startedAtMs: number;
}

/** One run per workload, for ever: a second start is the same workload. */
export const workloadWorkflowId = (workloadId: string) => `workload/${workloadId}`;

/** What was decided for this workload, already stored and, where it names a node, already reserved. */
export interface DecidedAction {
  readonly decisionId: string;
  readonly action: 'move' | 'pause' | 'start' | 'keep';
  /** Segment and fence under which the target is reserved; absent for pause and keep. */
  readonly target?: TargetSegment;
}

export interface TargetSegment {
  readonly segment: number;
  readonly fence: number;
  readonly nodeId: string;
  readonly zone: string;
}

export interface EventRef {
  readonly zone: string;
  readonly eventId: string;
}

/** Signals: who sends them does not wait, and the same one twice changes nothing. */
export const gridEventOpened = defineSignal<[EventRef & DecidedAction]>('gridEventOpened');
/** `resume`: the event's end frees work that the event had paused; its place in the queue was kept by the incident agent (W-105). */
export const gridEventClosed = defineSignal<[EventRef & { readonly resume: boolean }]>('gridEventClosed');
/** The review of the interval decided that this workload moves (W-68, W-69). */
export const decided = defineSignal<[DecidedAction]>('decided');
/** A node of this workload changed its state: look at the job itself (W-18). */
export const nodeChanged = defineSignal<[{ readonly nodeId: string; readonly state: string }]>('nodeChanged');
/** Metered energy reached the workload's budget (W-95). */
export const energyReported = defineSignal<[{ readonly budget: 'exhausted' }]>('energyReported');

export interface CommandResult {
  readonly state: string;
  /** False where the workload already was where the command leads. */
  readonly changed: boolean;
}

export interface CommandInput {
  readonly by: 'customer' | 'operator';
}

/** Updates: whoever commands needs the answer, and a wrong state is refused before anything is recorded (`invalid-transition`). */
export const cancel = defineUpdate<CommandResult, [CommandInput]>('cancel');
export const pause = defineUpdate<CommandResult, [CommandInput]>('pause');
export const resume = defineUpdate<CommandResult, [CommandInput]>('resume');
/** Places waiting or queued work now; answers with the decision in force. */
export const route = defineUpdate<{ readonly decisionId: string }, [CommandInput]>('route');
export const reroute = defineUpdate<{ readonly decisionId: string }, [CommandInput & { readonly mode: 'force' | 'evaluate'; readonly targetNodeId?: string }]>('reroute');
/** The new limits and labels are written by an activity; the run itself never sees them. */
export const amend = defineUpdate<CommandResult, [CommandInput & { readonly labels?: Readonly<Record<string, string>>; readonly budget?: Readonly<Record<string, unknown>> }]>('amend');

export const workloadState = defineQuery<WorkloadView>('state');
