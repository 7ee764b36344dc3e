import { z } from 'zod';
import { listQuery } from '../http/pages.ts';
import { instant, line } from '../workloads/fields.ts';

/** P-65. `target` and `actor` are ids. */
export const ListAuditEvents = listQuery({
  actor: line(200).optional(),
  action: line(100).optional(),
  target: line(200).optional(),
  outcome: z.enum(['allowed', 'denied', 'failed']).optional(),
  request_id: line(128).optional(),
  from: instant.optional(),
  to: instant.optional(),
});
export type ListAuditEvents = z.output<typeof ListAuditEvents>;
