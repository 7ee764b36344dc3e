import { isEnd, type WorkloadState } from './states.ts';

export const COMMANDS = ['cancel', 'pause', 'resume', 'route', 'reroute', 'amend'] as const;
export type Command = (typeof COMMANDS)[number];

/** `done`: the workload already is where the command leads; 200 without effect (W-86). */
export type Standing = 'allowed' | 'done' | 'refused';

const BEFORE_SETTLING: readonly WorkloadState[] = ['accepted', 'waiting', 'queued', 'placing', 'running', 'checkpointing', 'moving', 'paused'];

const ALLOWED: Readonly<Record<Command, readonly WorkloadState[]>> = {
  cancel: BEFORE_SETTLING,
  pause: ['running'],
  resume: ['paused'],
  route: ['accepted', 'waiting', 'queued', 'placing'],
  reroute: ['running'],
  amend: BEFORE_SETTLING,
};

const DONE: Readonly<Partial<Record<Command, readonly WorkloadState[]>>> = {
  cancel: ['cancelled'],
  pause: ['paused'],
  resume: ['queued', 'placing', 'running'],
  route: ['running', 'checkpointing', 'moving'],
};

export function standing(state: WorkloadState, command: Command): Standing {
  if (ALLOWED[command].includes(state)) return 'allowed';
  return DONE[command]?.includes(state) ? 'done' : 'refused';
}

/** What a 409 `invalid-transition` lists as `allowed[]` (W-84). */
export const allowedCommands = (state: WorkloadState): readonly Command[] => COMMANDS.filter((command) => ALLOWED[command].includes(state));

/** Why a command is refused, for people: what is, and what can be done instead. */
export function refusal(state: WorkloadState, command: Command): string {
  const can = allowedCommands(state);
  if (isEnd(state)) return `The workload is ${state}; it cannot be changed any more.`;
  return `The workload is ${state}, so ${command} is not possible; possible now: ${can.join(', ') || 'nothing, it is about to end'}.`;
}
