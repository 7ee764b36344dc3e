import { sql } from 'kysely';
import { budgetLevel, ownLevel, type BudgetLevel, type BudgetUnit } from '#domain/workload/budget';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { tellBudget } from './alerts.sql.ts';
import { accrue, spentSoFar, type SpentSoFar } from './totals.sql.ts';

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
  return { exhausted: (await chargeAll(em, orgId, [workloadId])).includes(workloadId) };
}

/**
 * As `chargeBudgets`, for all workloads of one organisation that a batch touches, in as many statements as for one.
 * @returns those whose limit is reached
 */
export async function chargeAll(em: SqlEntityManager, orgId: string, workloadIds: readonly string[]): Promise<readonly string[]> {
  await accrue(em, workloadIds);
  const limited = await spentSoFar(em, workloadIds);
  const shared = await useBudgets(em, limited);
  const marks: Mark[] = [];
  for (const spent of limited) {
    const budgets = shared.filter(({ workloadIds: under }) => under.includes(spent.workloadId));
    for (const budget of budgets)
      if (budget.level !== 'below') await tellBudget(em, { orgId, workloadId: spent.workloadId, level: budget.level, subject: budget.id, what: `budget "${budget.name}"`, unit: budget.unit });
    const own = ownLevel(spent.budget, spent.used);
    if (own !== 'below' && !spent.exhausted && !(own === 'alert' && spent.alerted))
      await tellBudget(em, { orgId, workloadId: spent.workloadId, level: own, subject: spent.workloadId, what: `workload "${spent.name}"` });
    marks.push({ id: spent.workloadId, alerted: own !== 'below', exhausted: own === 'exhausted' || budgets.some(({ level }) => level === 'exhausted') });
  }
  await mark(em, marks);
  return marks.filter(({ exhausted }) => exhausted).map(({ id }) => id);
}

interface Mark {
  readonly id: string;
  readonly alerted: boolean;
  readonly exhausted: boolean;
}

async function mark(em: SqlEntityManager, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return;
  await rows(em, sql`
    update workloads w set budget_alerted_at = coalesce(budget_alerted_at, case when m.alerted then clock_timestamp() end),
                           budget_exhausted_at = case when m.exhausted then coalesce(budget_exhausted_at, clock_timestamp()) end
      from unnest(${marks.map(({ id }) => id)}::uuid[], ${marks.map(({ alerted }) => alerted)}::bool[], ${marks.map(({ exhausted }) => exhausted)}::bool[]) as m (id, alerted, exhausted)
     where w.id = m.id and (budget_alerted_at is null and m.alerted or (budget_exhausted_at is not null) <> m.exhausted)`);
}

interface SharedBudget {
  readonly id: string;
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly level: BudgetLevel;
  /** Those of the call that were accepted under it. */
  readonly workloadIds: readonly string[];
}

/** Moves use from reserved to used in every budget the workloads were accepted under; beyond its reservation it still counts. */
async function useBudgets(em: SqlEntityManager, limited: readonly SpentSoFar[]): Promise<readonly SharedBudget[]> {
  const under = limited.filter(({ isReserved }) => isReserved);
  if (under.length === 0) return [];
  const amounts = (unit: BudgetUnit) => under.map(({ used }) => used[unit].toString());
  const changed = await rows(em, sql<{ id: string; name: string; unit: BudgetUnit; limit_amount: string; used: string; workload_ids: string[] }>`
    with now (workload_id, usd, kwh, co2e_g) as (
      select * from unnest(${under.map(({ workloadId }) => workloadId)}::uuid[], ${amounts('usd')}::numeric[], ${amounts('kwh')}::numeric[], ${amounts('co2e_g')}::numeric[])),
    before as (
      select r.budget_id, r.workload_id, r.used, r.released_at, r.reserved, case b.unit when 'usd' then n.usd when 'kwh' then n.kwh else n.co2e_g end as now_used
        from budget_reservations r join budgets b on b.id = r.budget_id join now n on n.workload_id = r.workload_id
       order by r.budget_id, r.workload_id for update of r, b),
    kept as (
      update budget_reservations r set used = f.now_used from before f where r.workload_id = f.workload_id and r.budget_id = f.budget_id and r.used <> f.now_used),
    moved as (
      select budget_id, sum(now_used - used) as more, array_agg(workload_id::text) as workload_ids,
             sum(case when released_at is null then greatest(reserved - used, 0) - greatest(reserved - now_used, 0) else 0 end) as freed
        from before group by budget_id)
    update budgets b set used = b.used + m.more, reserved = b.reserved - m.freed from moved m where b.id = m.budget_id
    returning b.id, b.name, b.unit, b.limit_amount, b.used, m.workload_ids`);
  return changed.map(({ id, name, unit, limit_amount, used, workload_ids }) => ({ id, name, unit, level: budgetLevel(BigInt(used), BigInt(limit_amount)), workloadIds: workload_ids }));
}
