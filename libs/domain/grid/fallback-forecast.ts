import { divideHalfEven } from '../quantities/round.ts';
import { toInteger } from './signal.ts';
import { HOUR_MS } from './simulate.ts';

const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** Below this many known values a mean says more about the gaps than about the hour. */
const ENOUGH = 3;
/** How fast "as now" gives way to "as usual" (W-71). */
const DECAY_H = 12;

/** One series' values by source time. */
export interface TimedValue {
  readonly sourceTime: number;
  readonly value: bigint;
}

/** The mean of `hourMs`' hour of the day over the 7 days before `beforeMs` (W-52, W-71); null while too little is known. */
export function hourMean(history: readonly TimedValue[], hourMs: number, beforeMs: number): bigint | null {
  const hour = Math.floor(hourMs / HOUR_MS) % 24;
  const same = history.filter(
    ({ sourceTime }) => sourceTime < beforeMs && sourceTime >= beforeMs - WEEK_MS && Math.floor(sourceTime / HOUR_MS) % 24 === hour,
  );
  return same.length < ENOUGH ? null : divideHalfEven(same.reduce((sum, { value }) => sum + value, 0n), BigInt(same.length));
}

/**
 * W-71's forecast for a source that has none, hour by hour from `nowMs` + 1 h: what that hour usually is, plus how far now is
 * from its own usual value, fading with e^(−h/12). Null where the week before knows too little of an hour.
 */
export function fallbackForecast(history: readonly TimedValue[], now: TimedValue, hours: number): (bigint | null)[] {
  const usualNow = hourMean(history, now.sourceTime, now.sourceTime);
  return Array.from({ length: hours }, (_, i) => {
    const usual = hourMean(history, now.sourceTime + (i + 1) * HOUR_MS, now.sourceTime);
    if (usual === null || usualNow === null) return null;
    return usual + toInteger(Number(now.value - usualNow) * Math.exp(-(i + 1) / DECAY_H), 0);
  });
}
