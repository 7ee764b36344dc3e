/**
 * The life of a workload (diagram before W-90): every change of state is an entry of this table. `displaced`: its node is lost
 * or left, or its job failed and may try again; it is placed anew.
 */
const NEXT = {
  accepted: { awaited: 'waiting', noNode: 'queued', placed: 'placing', ending: 'settling' },
  waiting: { awaited: 'waiting', noNode: 'queued', placed: 'placing', ending: 'settling' },
  queued: { awaited: 'waiting', noNode: 'queued', placed: 'placing', ending: 'settling' },
  placing: { awaited: 'waiting', noNode: 'queued', placed: 'placing', notStarted: 'placing', started: 'running', ending: 'settling' },
  running: { checkpointing: 'checkpointing', paused: 'paused', displaced: 'placing', ending: 'settling' },
  checkpointing: { moving: 'moving', rolledBack: 'running', displaced: 'placing', ending: 'settling' },
  moving: { started: 'running', rolledBack: 'running', displaced: 'placing', ending: 'settling' },
  paused: { resumed: 'placing', ending: 'settling' },
  settling: { completed: 'completed', failed: 'failed', cancelled: 'cancelled', expired: 'expired' },
  completed: {},
  failed: {},
  cancelled: {},
  expired: {},
} as const satisfies Record<string, Partial<Record<string, string>>>;

export type WorkloadState = keyof typeof NEXT;
export type EndState = 'completed' | 'failed' | 'cancelled' | 'expired';
export type WorkloadEvent =
  | 'awaited' | 'noNode' | 'placed' | 'notStarted' | 'started' | 'checkpointing' | 'moving' | 'rolledBack' | 'displaced' | 'paused' | 'resumed'
  | 'ending' | EndState;

export const WORKLOAD_STATES = Object.keys(NEXT) as readonly WorkloadState[];
export const isEnd = (state: WorkloadState): state is EndState => Object.keys(NEXT[state]).length === 0;
export const allowedEvents = (state: WorkloadState) => Object.keys(NEXT[state]) as WorkloadEvent[];

/** @throws RangeError where the table has no such entry: a bug here, never a user's mistake (those are refused before). */
export function nextState(state: WorkloadState, event: WorkloadEvent): WorkloadState {
  const next = (NEXT[state] as Partial<Record<WorkloadEvent, WorkloadState>>)[event];
  if (next === undefined) throw new RangeError(`a workload that is ${state} cannot be ${event}`);
  return next;
}

/** W-90: every end with its reason. */
export const END_REASONS = {
  completed: ['finished'],
  failed: ['job_error', 'attempts_exhausted', 'checkpoint_corrupt', 'node_protocol_error'],
  cancelled: ['by_customer', 'by_operator', 'budget_exhausted'],
  expired: ['deadline_before_start', 'deadline_missed', 'paused_too_long', 'max_lifetime'],
} as const satisfies Record<EndState, readonly string[]>;

export type EndReason = (typeof END_REASONS)[EndState][number];
export const PAUSE_REASONS = ['customer', 'shed', 'budget', 'operator'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** The end state that a reason belongs to: a reason names one end and no other. */
export const endOf = (reason: EndReason): EndState => (Object.keys(END_REASONS) as EndState[]).find((end) => (END_REASONS[end] as readonly string[]).includes(reason))!;
