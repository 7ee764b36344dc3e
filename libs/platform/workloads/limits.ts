import { BUDGET_UNITS, LEDGER_NAMES, type BudgetUnit, type WorkloadBudget } from '#domain/workload/budget';
import { parseDecimal } from '#domain/quantities/decimal';

/** As people write it: decimal texts in display units. */
export type BudgetInput = Readonly<Partial<Record<BudgetUnit, string>>>;

/** Decimal places of the input, and how many of the ledger's integers one last place is: 10⁻⁸ kWh is exactly 36 mJ (P-2). */
const INPUT = { usd: { places: 6, scale: 1n }, kwh: { places: 8, scale: 36n }, co2e_g: { places: 9, scale: 1n } } as const satisfies Record<BudgetUnit, object>;

/** @throws RangeError where a text is no decimal of its unit */
export function toLimits(input: BudgetInput): WorkloadBudget {
  const given = BUDGET_UNITS.filter((unit) => input[unit] !== undefined);
  return Object.fromEntries(given.map((unit) => [LEDGER_NAMES[unit], (parseDecimal(input[unit]!, INPUT[unit].places) * INPUT[unit].scale).toString()]));
}
