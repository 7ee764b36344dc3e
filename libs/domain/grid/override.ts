import { divideHalfEven } from '../quantities/round.ts';
import { highestOf, type SignalValue } from './signal.ts';

/**
 * What a demo control does to simulated figures (W-133, W-134). Plain JSON: it is stored and applied to rows and forecasts
 * alike, so whoever looks ahead sees the same story as whoever looks now.
 */
export type OverrideSpec =
  /** Intensity × 3, at least + 300 g/kWh, and at least `floor_mg_per_kwh`, which its maker puts where W-52's own rule must see a spike. */
  | { readonly effect: 'carbon-spike'; readonly floor_mg_per_kwh: string }
  /** More sun and wind than anybody takes: a price below zero and curtailment. */
  | { readonly effect: 'surplus' };

const TIMES = 3n;
const PLUS_MG = 300_000n;
const SURPLUS_PRICE = -5_000_000n;
/** Curtailed share of demand. */
const CURTAILED_PERCENT = 5n;
const LEAST_CURTAILED_KW = 1_000n;

export function applyOverride<V extends SignalValue>(values: readonly V[], spec: OverrideSpec): V[] {
  const demand = values.find(({ kind }) => kind === 'demand')?.value ?? 0n;
  return values.map((one) => ({ ...one, value: spec.effect === 'surplus' ? inSurplus(one, demand) : inSpike(one, BigInt(spec.floor_mg_per_kwh)) }));
}

/** Not above W-38's bound: three times a coal margin is more than any grid has shown. */
const inSpike = ({ kind, value }: SignalValue, floor: bigint): bigint => (kind === 'intensity' ? min(max(value * TIMES, value + PLUS_MG, floor), highestOf(kind)) : value);

function inSurplus({ kind, basis, value }: SignalValue, demand: bigint): bigint {
  if (kind === 'price') return value < SURPLUS_PRICE ? value : SURPLUS_PRICE;
  if (kind === 'curtailed') return max(value, divideHalfEven(demand * CURTAILED_PERCENT, 100n), LEAST_CURTAILED_KW);
  // One more kilowatt-hour is one less thrown away.
  return basis === 'marginal' ? 0n : value;
}

const max = (...values: bigint[]): bigint => values.reduce((a, b) => (b > a ? b : a));
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
