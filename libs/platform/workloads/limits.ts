import { parseDecimal } from '#domain/quantities/decimal';

/**
 * The limits of one workload's own budget in the ledger's integers, as `workloads.budget` holds them: integer texts, an absent member is
 * no limit. Energy is counted at the device's meter, without PUE (P-70).
 */
export interface BudgetLimits {
  readonly micro_usd?: string;
  readonly mj?: string;
  readonly ng?: string;
}

/** As people write it: decimals in display units. */
export interface BudgetInput {
  readonly usd?: string;
  readonly kwh?: string;
  readonly co2e_g?: string;
}

export type BudgetUnit = 'usd' | 'kwh' | 'co2e_g';

/** Display unit → the ledger's name, decimal places of the input, and how many of the ledger's integers one last place is. */
const UNITS = {
  usd: { ledger: 'micro_usd', places: 6, scale: 1n },
  kwh: { ledger: 'mj', places: 8, scale: 36n },
  co2e_g: { ledger: 'ng', places: 9, scale: 1n },
} as const satisfies Record<BudgetUnit, { ledger: keyof BudgetLimits; places: number; scale: bigint }>;

export const BUDGET_UNITS = Object.keys(UNITS) as readonly BudgetUnit[];
export const ledgerName = (unit: BudgetUnit): keyof BudgetLimits => UNITS[unit].ledger;
export const placesOfUnit = (unit: BudgetUnit): number => UNITS[unit].places;

/** 10⁻⁸ kWh is exactly 36 mJ, so every input is exact. */
export function toLimits(input: BudgetInput): BudgetLimits {
  const given = BUDGET_UNITS.filter((unit) => input[unit] !== undefined);
  return Object.fromEntries(given.map((unit) => [UNITS[unit].ledger, (parseDecimal(input[unit]!, UNITS[unit].places) * UNITS[unit].scale).toString()]));
}
