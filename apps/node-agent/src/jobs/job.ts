import type { JobBody } from './job-body.ts';

/** W-17. */
export type JobState = 'starting' | 'running' | 'checkpointing' | 'completed' | 'failed' | 'stopped';

export interface Checkpoint {
  readonly id: string;
  readonly uri: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly units_done: number;
  readonly at: string;
}

export interface JobError {
  readonly code: string;
  readonly detail: string;
}

/** Stored before any answer that speaks of it; mJ as decimal text because it lies in JSON. */
export interface JobRecord {
  readonly job_id: string;
  readonly body: JobBody;
  /** SHA-256 of the body's canonical form: "same body again" is decided by it. */
  readonly digest: string;
  readonly gpus: readonly string[];
  readonly state: JobState;
  readonly units_done: number;
  readonly energy_mj: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly last_checkpoint: Checkpoint | null;
  readonly result: { readonly uri: string; readonly sha256: string } | null;
  readonly error: JobError | null;
}

const ENDS: ReadonlySet<JobState> = new Set(['completed', 'failed', 'stopped']);
export const hasEnded = ({ state }: Pick<JobRecord, 'state'>): boolean => ENDS.has(state);

/** W-17: which states may follow which; a machine that says otherwise has a bug. */
const NEXT: Readonly<Record<JobState, readonly JobState[]>> = {
  starting: ['starting', 'running', 'checkpointing', 'completed', 'failed', 'stopped'],
  running: ['running', 'checkpointing', 'completed', 'failed', 'stopped'],
  checkpointing: ['running', 'checkpointing', 'completed', 'failed', 'stopped'],
  completed: [],
  failed: [],
  stopped: [],
};
export const mayFollow = (from: JobState, to: JobState): boolean => NEXT[from].includes(to);
