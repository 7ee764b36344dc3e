import type { FacilityMilliJoules, MgPerKwh, MicroUsd, MicroUsdPerMwh, MilliJoules, OperationalNg, PueE4 } from './quantities.ts';
import { divideHalfEven } from './round.ts';

const PUE_ONE = 10_000n;
const MJ_PER_KWH = 3_600_000_000n;
const MG_TO_NG = 1_000_000n;
const MJ_PER_MWH = 3_600_000_000_000n;

/** W-2: ng = mJ × PUE × mg/kWh ÷ 3,600, rounded once. */
export const operationalGrams = (energy: MilliJoules, pue: PueE4, intensity: MgPerKwh): OperationalNg =>
  divideHalfEven(energy * pue * intensity * MG_TO_NG, MJ_PER_KWH * PUE_ONE) as OperationalNg;

/** W-2: µUSD = mJ × PUE × µUSD/MWh ÷ (3.6 × 10¹²), rounded once; a negative price gives a negative line (W-73). */
export const energyCost = (energy: MilliJoules, pue: PueE4, price: MicroUsdPerMwh): MicroUsd =>
  divideHalfEven(energy * pue * price, MJ_PER_MWH * PUE_ONE) as MicroUsd;

/** W-1: energy with PUE. */
export const facilityEnergy = (energy: MilliJoules, pue: PueE4): FacilityMilliJoules =>
  divideHalfEven(energy * pue, PUE_ONE) as FacilityMilliJoules;
