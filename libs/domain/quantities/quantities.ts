/**
 * What is counted, billed or claimed is an integer with its unit in its type (design § 4), so that grams cannot be added
 * to dollars and a bare number cannot take the place of either.
 */
declare const unit: unique symbol;
type Quantity<Unit extends string> = bigint & { readonly [unit]: Unit };

/** Millionths of a US dollar; may be negative (prices below zero are real, W-73). */
export type MicroUsd = Quantity<'micro_usd'>;
/** Millijoules at the device's meter, without PUE. */
export type MilliJoules = Quantity<'mj'>;
/** Millijoules with PUE: what the facility drew. */
export type FacilityMilliJoules = Quantity<'facility_mj'>;
/** Nanograms of CO2e, location-based, from an average life-cycle intensity. */
export type OperationalNg = Quantity<'operational_ng'>;
/** Nanograms of CO2e embodied in the hardware: never added to operational grams. */
export type EmbodiedNg = Quantity<'embodied_ng'>;
/** Milligrams of CO2e per kilowatt-hour. */
export type MgPerKwh = Quantity<'mg_per_kwh'>;
/** Millionths of a US dollar per megawatt-hour. */
export type MicroUsdPerMwh = Quantity<'micro_usd_per_mwh'>;
/** Power usage effectiveness in ten-thousandths: 1.150 is 11500. */
export type PueE4 = Quantity<'pue_e4'>;

export const microUsd = (value: bigint): MicroUsd => value as MicroUsd;
export const milliJoules = (value: bigint): MilliJoules => value as MilliJoules;
export const mgPerKwh = (value: bigint): MgPerKwh => value as MgPerKwh;
export const microUsdPerMwh = (value: bigint): MicroUsdPerMwh => value as MicroUsdPerMwh;
export const pueE4 = (value: bigint): PueE4 => value as PueE4;
export const embodiedNg = (value: bigint): EmbodiedNg => value as EmbodiedNg;
export const operationalNg = (value: bigint): OperationalNg => value as OperationalNg;

/** Sums of one unit stay in that unit. */
export const sum = <Q extends bigint>(parts: Iterable<Q>): Q => {
  let total = 0n;
  for (const part of parts) total += part;
  return total as Q;
};
