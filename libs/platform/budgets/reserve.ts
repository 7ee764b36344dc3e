import { sql } from 'kysely';
import { BUDGET_UNITS, type BudgetAmounts, type BudgetUnit } from '#domain/workload/budget';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';

/** A budget that does not allow a need: the figures of P-81, in the ledger's integers. */
export interface RefusedBudget {
  readonly id: string;
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly limit: bigint;
  readonly used: bigint;
  readonly reserved: bigint;
  readonly needed: bigint;
}

type BudgetRow = Pick<RefusedBudget, 'id' | 'name' | 'unit'>;

/**
 * Takes `need` from every budget of the transaction's organisation (W-94). The check and the taking are one statement a
 * budget, so however many posts race for a cap, it is never passed. The caller rolls back where anything is refused.
 * @returns the refusing budgets in P-72's order; empty where all allowed
 */
export async function reserveBudgets(em: SqlEntityManager, workloadId: string, need: BudgetAmounts): Promise<readonly RefusedBudget[]> {
  const budgets = await rows(em, sql<BudgetRow>`select id, name, unit from budgets order by array_position(${[...BUDGET_UNITS]}::text[], unit), id`);
  const refused: RefusedBudget[] = [];
  for (const { id, name, unit } of budgets) {
    const taken = await rows(em, sql`
      update budgets set reserved = reserved + ${need[unit]} where id = ${id} and used + reserved + ${need[unit]}::numeric <= limit_amount returning id`);
    if (taken.length === 0) refused.push(await asItStands(em, { id, name, unit, needed: need[unit] }));
    else await rows(em, sql`insert into budget_reservations (org_id, budget_id, workload_id, reserved) values (current_setting('app.org')::uuid, ${id}, ${workloadId}, ${need[unit]})`);
  }
  return refused;
}

/** Read after the refusal: who lost a race is told the figures that the winners left, not those from before it. */
async function asItStands(em: SqlEntityManager, refused: BudgetRow & { readonly needed: bigint }): Promise<RefusedBudget> {
  const now = await one(em, sql<{ limit_amount: string; used: string; reserved: string }>`select limit_amount, used, reserved from budgets where id = ${refused.id}`);
  return { ...refused, limit: BigInt(now.limit_amount), used: BigInt(now.used), reserved: BigInt(now.reserved) };
}

/** Gives back what was reserved and not used; a second call finds nothing left to give (W-94). */
export async function releaseBudgets(em: SqlEntityManager, workloadId: string): Promise<void> {
  await rows(em, sql`
    with released as (
      update budget_reservations set released_at = clock_timestamp() where workload_id = ${workloadId} and released_at is null
      returning budget_id, greatest(reserved - used, 0) as unused)
    update budgets b set reserved = b.reserved - r.unused from released r where b.id = r.budget_id`);
}
