/** The units a budget is kept in, in the order in which a refusal names them (P-72). */
export const BUDGET_UNITS = ['usd', 'kwh', 'co2e_g'] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** µUSD, mJ at the meter without PUE (P-70), and ng. */
export type BudgetAmounts = Readonly<Record<BudgetUnit, bigint>>;

/** The name of a unit's integer in rows and JSON. */
export const LEDGER_NAMES = { usd: 'micro_usd', kwh: 'mj', co2e_g: 'ng' } as const satisfies Record<BudgetUnit, string>;

/** A workload's own limits, as its row holds them: ledger integers as texts; an absent unit is no limit. */
export type WorkloadBudget = Readonly<Partial<Record<(typeof LEDGER_NAMES)[BudgetUnit], string>>>;

export type BudgetLevel = 'below' | 'alert' | 'exhausted';

/** W-95: an alert from 80 % on, the end at 100 %. */
export function budgetLevel(used: bigint, limit: bigint): BudgetLevel {
  if (used >= limit) return 'exhausted';
  return used * 10n >= limit * 8n ? 'alert' : 'below';
}

/** The highest level of all units that have a limit. */
export function ownLevel(budget: WorkloadBudget | null, used: BudgetAmounts): BudgetLevel {
  const levels = BUDGET_UNITS.flatMap((unit) => {
    const limit = budget?.[LEDGER_NAMES[unit]];
    return limit === undefined ? [] : [budgetLevel(used[unit], BigInt(limit))];
  });
  return levels.includes('exhausted') ? 'exhausted' : levels.includes('alert') ? 'alert' : 'below';
}

/** W-94: what is reserved at acceptance, the estimate × 1.25, rounded up so that it never covers less. */
export const reservationFor = (estimate: BudgetAmounts): BudgetAmounts => {
  const more = (amount: bigint) => (amount <= 0n ? 0n : (amount * 5n + 3n) / 4n);
  return { usd: more(estimate.usd), kwh: more(estimate.kwh), co2e_g: more(estimate.co2e_g) };
};
