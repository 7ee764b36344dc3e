import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const uri = z.string().max(1_024);

/** Both sides of `PUT /agent/v1/jobs/{job_id}` (W-16); an unknown member is refused. */
export const JobBody = z.strictObject({
  fence: z.int().min(1),
  workload_id: z.uuid(),
  segment: z.int().min(1),
  kind: z.enum(['fine_tune', 'training', 'batch_inference', 'embedding', 'evaluation', 'render', 'custom']),
  program: z
    .strictObject({
      image: z.string().max(255),
      command: z.array(z.string().max(1_024)).max(64).default([]),
      env: z.record(z.string(), z.string()).default({}),
      secret_refs: z.array(z.string()).max(16).default([]),
      input_uri: uri.nullish(),
      output_uri: uri.nullish(),
    })
    .nullable(),
  gpu_count: z.int().min(1).max(8),
  gpu_memory_gb: z.int().min(1).max(192),
  units_total: z.int().min(1),
  units_done: z.int().min(0),
  restore: z.strictObject({ uri, sha256, size_bytes: bytes }).nullable(),
  /** Null for work that cannot be saved. `size_bytes` is what a save is expected to take, where known. */
  checkpoint: z.strictObject({ interval_s: z.int().min(1).max(86_400), upload_uri: uri, size_bytes: bytes.default(20_000_000_000) }).nullable(),
  limits: z.strictObject({ max_seconds: z.number().positive().nullable(), max_mj: z.string().regex(/^\d{1,38}$/).nullable() }),
  nonce: z.string().min(1).max(128),
});
export type JobBody = z.output<typeof JobBody>;

export const FenceBody = z.strictObject({ fence: z.int().min(1) });
export const CheckpointBody = z.strictObject({ fence: z.int().min(1), reason: z.string().max(255) });
