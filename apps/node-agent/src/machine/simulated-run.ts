import { UTILISATION_E3 } from '#domain/fleet/power';
import { sha256Hex } from '#platform/signing/sha256';
import type { Checkpoint } from '../jobs/job.ts';
import type { Holder } from './energy-book.ts';
import type { Assignment } from './machine.ts';

/** W-28: a checkpoint or restore takes 20 node seconds and its size at 2 GB/s, at full power. */
const SAVE_NODE_MS = 20_000;
const BYTES_PER_NODE_MS = 2_000_000;
const FULL_E3 = 1_000;
export const MILLION = 1_000_000n;

/** A simulated job under way. Times are wall ms since 1970, units are counted in millionths. */
export interface Run {
  readonly assignment: Assignment;
  readonly holder: Holder;
  readonly startedAt: number;
  phase: 'starting' | 'running' | 'checkpointing';
  /** When starting or checkpointing ends. */
  phaseEndsAt: number;
  done: bigint;
  saveAt: number;
  saveWanted: boolean;
  stopWanted: boolean;
  energyUj: bigint;
}

export const saveNodeMs = (bytes: number): number => SAVE_NODE_MS + Math.ceil(bytes / BYTES_PER_NODE_MS);
/** Saving and restoring run at full power; work by its kind (W-8). Thousandths. */
export const levelE3 = ({ phase, assignment }: Run): number => (phase === 'running' ? UTILISATION_E3[assignment.body.kind] : FULL_E3);
export const goalOf = ({ assignment }: Run): bigint => BigInt(assignment.body.units_total) * MILLION;
export const unitsDone = ({ done }: Run): number => Number(done / MILLION);

export function checkpointOf({ assignment: { jobId, body }, ...run }: Run, at: number): Checkpoint {
  const units = Number(run.done / MILLION);
  const id = `${jobId}@${units}`;
  const { upload_uri, size_bytes } = body.checkpoint!;
  return { id, uri: `${upload_uri}/${id}`, sha256: sha256Hex(`checkpoint/${body.workload_id}:${units}`), size_bytes, units_done: units, at: new Date(at).toISOString() };
}

/** W-28: the digest says which work was done, so the same work has the same result wherever it ran. */
export function resultOf({ assignment: { jobId, body } }: Run, slug: string): { readonly uri: string; readonly sha256: string } {
  return { uri: `${body.program?.output_uri ?? `simulated://${slug}/results`}/${jobId}`, sha256: sha256Hex(`${body.workload_id}:${body.units_total}`) };
}
