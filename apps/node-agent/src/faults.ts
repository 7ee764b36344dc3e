import { z } from 'zod';

/** W-29: what a test may switch on, each call replacing the last. Registered only in test mode, so production has no such route. */
export const Faults = z.strictObject({
  meter: z.enum(['ok', 'off']).default('ok'),
  health: z.enum(['ok', 'degraded']).default('ok'),
  availability: z.enum(['available', 'owner_in_use', 'draining']).default('available'),
  /** Seconds that the node's clock is ahead. */
  clock_s: z.number().min(-86_400).max(86_400).default(0),
  /** No request is answered; heartbeats go on. */
  hang: z.boolean().default(false),
  /** No heartbeats; requests are answered. */
  silent: z.boolean().default(false),
  /** Job answers are HTML, or as many bytes of text, instead of JSON. */
  job_answer: z.enum(['json', 'html', 'nan_energy']).default('json'),
  answer_bytes: z.int().min(0).default(0),
  /** F14: a deleted job goes on and answers late. */
  keep_running: z.boolean().default(false),
  report: z.enum(['ok', 'zero', 'tenfold', 'altered', 'replayed', 'equivocal', 'unopened']).default('ok'),
  inference: z
    .strictObject({ mode: z.enum(['hang', 'slow', 'cut', 'broken_sse', 'no_usage', 'usage_tenfold', 'usage_zero', 'other_model', 'html', 'flood']), after_bytes: z.int().min(0).default(0) })
    .nullable()
    .default(null),
});
export type Faults = z.output<typeof Faults>;
export const NO_FAULTS: Faults = Faults.parse({});
