import type { ZoneView } from './types.ts';

const HOUR_MS = 3_600_000;

/**
 * A zone's hours from now on: the present one by its signal, then the forecast, then for ever the mean of the last day known.
 * Sums from now on make any stretch a subtraction; they hold integers, so grams and dollars of a stay are exact.
 */
export interface ZoneHours {
  readonly view: ZoneView;
  readonly intensity: Series;
  readonly price: Series;
  /** Hours known, the present one included. */
  readonly known: number;
}

export interface Series {
  readonly values: Float64Array;
  /** `sums[h]`: the first h hours together. */
  readonly sums: Float64Array;
  readonly tail: number;
}

/** Null where the zone has no signal: then there is nothing to sum, and nothing is taken to be 0. */
export function zoneHours(view: ZoneView): ZoneHours | null {
  if (!view.signal) return null;
  const forecast = view.forecast;
  const ahead = forecast ? Math.min(forecast.intensityMgPerKwh.length, forecast.priceMicroUsdPerMwh.length, 168) : 0;
  return {
    view,
    intensity: series(Number(view.signal.intensityMgPerKwh), forecast?.intensityMgPerKwh ?? [], ahead),
    price: series(Number(view.signal.priceMicroUsdPerMwh), forecast?.priceMicroUsdPerMwh ?? [], ahead),
    known: ahead + 1,
  };
}

function series(now: number, ahead: readonly number[], length: number): Series {
  const values = new Float64Array(length + 1);
  const sums = new Float64Array(length + 2);
  values[0] = now;
  for (let h = 0; h < length; h += 1) values[h + 1] = ahead[h]!;
  for (let h = 0; h <= length; h += 1) sums[h + 1] = sums[h]! + values[h]!;
  const day = Math.min(24, length + 1);
  return { values, sums, tail: Math.round((sums[length + 1]! - sums[length + 1 - day]!) / day) };
}

/** ∫ over the first `hours` hours, fractions included: for plans, where only the order matters. */
export function integral({ values, sums, tail }: Series, hours: number): number {
  const known = values.length;
  if (hours >= known) return sums[known]! + tail * (hours - known);
  const whole = Math.floor(hours);
  return sums[whole]! + values[whole]! * (hours - whole);
}

/** The value that holds `hours` from now, for plans. The tolerance keeps a sum of fractions that should be whole in its hour. */
export const valueAt = ({ values, tail }: Series, hours: number): number => values[Math.floor(hours + 1e-9)] ?? tail;

/** ∫ over the first `ms`, exact, in unit × ms: for what is shown and stored. */
export function exactIntegral({ values, sums, tail }: Series, ms: bigint): bigint {
  const known = values.length;
  const whole = Number(ms / BigInt(HOUR_MS));
  if (whole >= known) return BigInt(sums[known]!) * BigInt(HOUR_MS) + BigInt(tail) * (ms - BigInt(known * HOUR_MS));
  return BigInt(sums[whole]!) * BigInt(HOUR_MS) + BigInt(values[whole]!) * (ms % BigInt(HOUR_MS));
}

/** The hour's own values, mg/kWh and µUSD/MWh. */
export function hourAt({ intensity, price }: ZoneHours, ms: bigint): { intensity: number; price: number } {
  const hour = Number(ms / BigInt(HOUR_MS));
  return { intensity: intensity.values[hour] ?? intensity.tail, price: price.values[hour] ?? price.tail };
}

/** Sums over the comparison window (W-69): this hour and the following, as far as they are known. */
export function windowSums(hours: ZoneHours, windowH: number): { intensity: bigint; price: bigint; hours: number } {
  const n = Math.max(1, Math.min(windowH, hours.known));
  return { intensity: BigInt(hours.intensity.sums[n]!), price: BigInt(hours.price.sums[n]!), hours: n };
}

/** ms of node time that `units` H100-seconds take, rounded up: work is not done before it is done. */
export const runMs = (units: number, speedE3: number, gpus: number): bigint => {
  const rate = BigInt(speedE3) * BigInt(gpus);
  return (BigInt(units) * 1_000_000n + rate - 1n) / rate;
};

