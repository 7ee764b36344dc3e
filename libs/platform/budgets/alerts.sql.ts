import { sql } from 'kysely';
import { raiseAlert } from '#platform/alerts/raise';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { append } from '#platform/stream/append';

export interface BudgetNews {
  readonly orgId: string;
  readonly workloadId: string;
  readonly level: 'alert' | 'exhausted';
  /** The budget's or the workload's id: one open alert for each and level. */
  readonly subject: string;
  readonly what: string;
  readonly unit?: string;
}

/** One alert and one stream event while the same fact stands; nothing the second time. */
export async function tellBudget(em: SqlEntityManager, { orgId, workloadId, level, subject, what, unit }: BudgetNews): Promise<void> {
  const spent = level === 'exhausted';
  const kind = spent ? 'workload.budget_100' : 'workload.budget_80';
  const title = `${spent ? 'All' : '80 %'} of the ${what} is used`;
  const body = spent
    ? `The work is checkpointed and paused or stopped, as its budget says. Raise the budget${unit ? ` (${unit})` : ''} and resume it to go on.`
    : `At 100 % the work is paused or stopped. Raise the budget${unit ? ` (${unit})` : ''} before that to let it go on.`;
  const dedupKey = `${kind}/${subject}`;
  const [known] = await rows(em, sql`select from alerts where dedup_key = ${dedupKey} and state <> 'resolved'`);
  if (known) return;
  await raiseAlert(em, orgId, { kind, title, body, subject: workloadId, dedupKey });
  await append(em, orgId, 'workload.budget', { workload_id: workloadId, level: spent ? 100 : 80, budget_id: subject === workloadId ? null : subject }, workloadId);
}
