import { sql } from 'kysely';
import { budgetLevel, ownLevel, type BudgetAmounts, type BudgetLevel, type BudgetUnit } from '#domain/workload/budget';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { tellBudget } from './alerts.sql.ts';
import { accrue, spentSoFar } from './totals.sql.ts';

export interface Charge {
  /** True as long as a limit is reached: the caller signals `energyReported` to the workload; more than once does no harm. */
  readonly exhausted: boolean;
}

/**
 * W-95: compares what a workload has used with its own limits and the organisation's budgets, in the transaction that booked
 * its energy (inside `actAs(orgId)`, after the totals of the workload's row were raised). Alerts and marks are written once.
 * Called twice for the same totals it changes nothing. In a batch: in order of organisation, so that two batches cannot wait for each other.
 */
export async function chargeBudgets(em: SqlEntityManager, orgId: string, workloadId: string): Promise<Charge> {
  await accrue(em, workloadId);
  const spent = await spentSoFar(em, workloadId);
  const shared = await useBudgets(em, workloadId, spent.used);
  for (const budget of shared)
    if (budget.level !== 'below') await tellBudget(em, { orgId, workloadId, level: budget.level, subject: budget.id, what: `budget "${budget.name}"`, unit: budget.unit });
  const own = ownLevel(spent.budget, spent.used);
  if (own !== 'below' && !spent.exhausted && !(own === 'alert' && spent.alerted))
    await tellBudget(em, { orgId, workloadId, level: own, subject: workloadId, what: `workload "${spent.name}"` });
  const exhausted = own === 'exhausted' || shared.some(({ level }) => level === 'exhausted');
  await rows(em, sql`
    update workloads set budget_alerted_at = coalesce(budget_alerted_at, case when ${own !== 'below'} then clock_timestamp() end),
                         budget_exhausted_at = case when ${exhausted} then coalesce(budget_exhausted_at, clock_timestamp()) end
     where id = ${workloadId} and (budget_alerted_at is null and ${own !== 'below'} or (budget_exhausted_at is not null) <> ${exhausted})`);
  return { exhausted };
}

interface SharedBudget {
  readonly id: string;
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly level: BudgetLevel;
}

/** Moves use from reserved to used in every budget the workload was accepted under; beyond its reservation it still counts. */
async function useBudgets(em: SqlEntityManager, workloadId: string, used: BudgetAmounts): Promise<readonly SharedBudget[]> {
  const changed = await rows(em, sql<{ id: string; name: string; unit: BudgetUnit; limit_amount: string; used: string }>`
    with before as (
      select r.budget_id, r.used, r.released_at, r.reserved,
             case b.unit when 'usd' then ${used.usd}::numeric when 'kwh' then ${used.kwh}::numeric else ${used.co2e_g}::numeric end as now_used
        from budget_reservations r join budgets b on b.id = r.budget_id where r.workload_id = ${workloadId}
       order by r.budget_id for update of r),
    kept as (update budget_reservations r set used = f.now_used from before f where r.workload_id = ${workloadId} and r.budget_id = f.budget_id and r.used <> f.now_used)
    update budgets b set used = b.used + f.now_used - f.used,
           reserved = b.reserved - case when f.released_at is null then greatest(f.reserved - f.used, 0) - greatest(f.reserved - f.now_used, 0) else 0 end
      from before f where b.id = f.budget_id
    returning b.id, b.name, b.unit, b.limit_amount, b.used`);
  return changed.map(({ id, name, unit, limit_amount, used: total }) => ({ id, name, unit, level: budgetLevel(BigInt(total), BigInt(limit_amount)) }));
}
