import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
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
  const title = `${spent ? 'All' : '80 %'} of the ${what} is used`.slice(0, 120);
  const body = spent
    ? `The work is checkpointed and paused or stopped, as its budget says. Raise the budget${unit ? ` (${unit})` : ''} and resume it to go on.`
    : `At 100 % the work is paused or stopped. Raise the budget${unit ? ` (${unit})` : ''} before that to let it go on.`;
  const id = uuidv7();
  const raised = await rows(em, sql`
    insert into alerts (org_id, id, kind, severity, title, body, subject, dedup_key)
    values (${orgId}, ${id}, ${kind}, ${spent ? 'critical' : 'warning'}, ${title}, ${body}, ${workloadId}, ${`${kind}/${subject}`})
    on conflict (org_id, dedup_key) where state <> 'resolved' do nothing returning id`);
  if (raised.length === 0) return;
  await append(em, orgId, 'workload.budget', { workload_id: workloadId, level: spent ? 100 : 80, budget_id: subject === workloadId ? null : subject, alert_id: id }, workloadId);
  await append(em, orgId, 'alert', { id, kind, severity: spent ? 'critical' : 'warning', title }, workloadId);
}
