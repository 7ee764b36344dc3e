import type { Hardware, ReportMethod } from '#domain/energy-report/report';
import type { PowerModel } from '#domain/fleet/power';
import type { JobBody } from '../jobs/job-body.ts';
import type { Checkpoint, JobError, JobState } from '../jobs/job.ts';
import type { Slice } from './energy-book.ts';

export interface Gpu {
  readonly uuid: string;
  readonly model: string;
  readonly memory_gb: number;
}

export interface Inventory {
  readonly hardware: Hardware;
  readonly timeScale: number;
  readonly gpus: readonly Gpu[];
  readonly host: { readonly model: string; readonly cpus: number; readonly memory_gb: number };
  readonly power: PowerModel;
  readonly models: readonly string[];
}

/** What a machine is told to run: `unitsDone` and `restore` say where the work stands. */
export interface Assignment {
  readonly jobId: string;
  readonly body: JobBody;
  readonly gpus: readonly string[];
  readonly unitsDone: number;
  readonly restoreBytes: number | null;
  readonly energyMj: bigint;
}

export interface Progress {
  readonly unitsDone: number;
  readonly energyMj: bigint;
}

/** What happened to a job, told in the order in which it happened; `at` in ms since 1970. */
export interface JobChange {
  readonly at: number;
  readonly state: JobState;
  readonly unitsDone: number;
  readonly energyMj: bigint;
  readonly checkpoint?: Checkpoint;
  readonly result?: { readonly uri: string; readonly sha256: string };
  readonly error?: JobError;
}

/** GPUs that run jobs and are metered. One of them is simulated and says so, the other drives real ones. */
export interface Machine {
  readonly inventory: Inventory;
  readonly method: ReportMethod;
  start(assignment: Assignment): void;
  /** Saves the job's state; `thenStop` ends it as `stopped` afterwards. Asking again while it saves changes nothing. */
  checkpoint(jobId: string, thenStop: boolean): void;
  stop(jobId: string): void;
  progress(jobId: string): Progress | undefined;
  /** Ends the running slice at the last whole second, so that what follows is metered apart. */
  cut(): void;
  takeSlices(): Slice[];
  meter(): 'ok' | 'no_reading';
  /** The node's power now in mW and utilisation of each GPU in thousandths, for the metrics. */
  draw(): { readonly powerMw: bigint; readonly utilisationE3: readonly number[] };
  close(): void;
}

export type OnChange = (jobId: string, change: JobChange) => void;
