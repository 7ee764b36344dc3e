import { sql } from 'kysely';
import { BUDGET_UNITS, type BudgetAmounts, type BudgetUnit } from '#domain/workload/budget';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

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

export interface Reservation {
  readonly refusals: readonly RefusedBudget[];
  readonly reserved: Readonly<Partial<Record<BudgetUnit, string>>> | null;
}

interface BudgetRow extends Pick<RefusedBudget, 'id' | 'name' | 'unit'> {
  readonly limit_amount: string;
  readonly used: string;
  readonly reserved: string;
  readonly taken: boolean;
}

/**
 * Takes `need` from every budget of the transaction's organisation (W-94). Locked in one order and taken in one statement, so
 * however many posts race for a cap, it is never passed; who lost a race is told the figures that the winners left. Posts of one
 * organisation wait here for each other until the commit: call it late. The caller rolls back where anything is refused.
 * @returns the refusing budgets in P-72's order, empty where all allowed; and what is reserved now, by unit, null where no budget counts it
 */
export async function reserveBudgets(em: SqlEntityManager, workloadId: string, need: BudgetAmounts): Promise<Reservation> {
  const order = sql`array_position(${[...BUDGET_UNITS]}::text[], unit), id`;
  const budgets = await rows(em, sql<BudgetRow>`
    with held as (
      select id, name, unit, limit_amount, used, reserved, case unit when 'usd' then ${need.usd}::numeric when 'kwh' then ${need.kwh}::numeric else ${need.co2e_g}::numeric end as need
        from budgets order by ${order} for update),
    taken as (
      update budgets b set reserved = h.reserved + h.need from held h where b.id = h.id and h.used + h.reserved + h.need <= h.limit_amount returning b.id, h.need),
    noted as (
      insert into budget_reservations (org_id, budget_id, workload_id, reserved) select current_setting('app.org')::uuid, id, ${workloadId}, need from taken)
    select id, name, unit, limit_amount, used, reserved, id in (select id from taken) as taken from held order by ${order}`);
  const refusals = budgets.filter(({ taken }) => !taken).map(({ id, name, unit, limit_amount, used, reserved }) =>
    ({ id, name, unit, limit: BigInt(limit_amount), used: BigInt(used), reserved: BigInt(reserved), needed: need[unit] }));
  const units = new Set(budgets.filter(({ taken }) => taken).map(({ unit }) => unit));
  return { refusals, reserved: units.size === 0 ? null : Object.fromEntries([...units].map((unit) => [unit, need[unit].toString()])) };
}

/** Gives back what was reserved and not used; a second call finds nothing left to give (W-94). */
export async function releaseBudgets(em: SqlEntityManager, workloadId: string): Promise<void> {
  await rows(em, sql`
    with released as (
      update budget_reservations set released_at = clock_timestamp() where workload_id = ${workloadId} and released_at is null
      returning budget_id, greatest(reserved - used, 0) as unused)
    update budgets b set reserved = b.reserved - r.unused from released r where b.id = r.budget_id`);
}
