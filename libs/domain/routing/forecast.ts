import { divideHalfEven } from '#domain/quantities/round';
import type { ForecastOrigin } from './words.ts';

export interface ForecastInput {
  /** The present hour's value. */
  readonly now: number;
  /** Hours before the present one, newest last, null where the source had none; a week is read. */
  readonly past: readonly (number | null)[];
  /** The source's own forecast from the next hour on, or issued day-ahead prices; null or short where it has none. */
  readonly own?: readonly (number | null)[];
  readonly hours: number;
}

/**
 * e^(−h/12) in millionths, h = 0…168, as integers of its own: `Math.exp` may differ in the last place between machines,
 * and equal inputs must give equal decisions (W-59).
 */
const DECAY_E6: readonly number[] = Array.from({ length: 169 }, (_, h) => Math.round(Math.exp(-h / 12) * 1e6));

/**
 * W-71: the source's own hours as they are; every other hour is the mean of that hour over the last seven days plus what
 * the present hour is off its own mean, fading by e^(−h/12). Integers in, integers out, half-even. Null without any past.
 */
export function forecastHours({ now, past, own = [], hours }: ForecastInput): { values: number[]; origin: ForecastOrigin } | null {
  const means = Array.from({ length: 24 }, (_, h) => meanOfHour(past, h));
  const values: number[] = [];
  let all = true;
  for (let h = 1; h <= hours; h += 1) {
    const issued = own[h - 1];
    if (issued !== null && issued !== undefined) { values.push(issued); continue; }
    all = false;
    const mean = means[h % 24]!;
    const anomaly = means[0] === null ? null : BigInt(now) - means[0]!;
    if (mean === null || anomaly === null) return null;
    values.push(Number(mean + divideHalfEven(anomaly * BigInt(DECAY_E6[Math.min(h, 168)]!), 1_000_000n)));
  }
  return { values, origin: all ? 'source' : 'mean_7_days' };
}

/** Mean over the last seven days of the hour that is `ahead` (0–23) hours after the present one; past[length − 24] is today's, a day ago. */
function meanOfHour(past: readonly (number | null)[], ahead: number): bigint | null {
  let sum = 0n;
  let n = 0n;
  for (let day = 1; day <= 7; day += 1) {
    const value = past[past.length - 24 * day + ahead];
    if (value !== null && value !== undefined) { sum += BigInt(value); n += 1n; }
  }
  return n === 0n ? null : divideHalfEven(sum, n);
}
