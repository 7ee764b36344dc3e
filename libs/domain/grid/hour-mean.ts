import { divideHalfEven } from '../quantities/round.ts';
import { HOUR_MS } from './simulate.ts';

const WEEK_MS = 7 * 24 * HOUR_MS;
/** Below this many known values a mean says more about the gaps than about the hour. */
const ENOUGH = 3;

/** One series' values by source time. */
export interface TimedValue {
  readonly sourceTime: number;
  readonly value: bigint;
}

/** The mean of `hourMs`' hour of the day over the 7 days before it (W-52); null while too little is known. */
export function hourMean(history: readonly TimedValue[], hourMs: number): bigint | null {
  const hour = Math.floor(hourMs / HOUR_MS) % 24;
  const same = history.filter(({ sourceTime }) => sourceTime < hourMs && sourceTime >= hourMs - WEEK_MS && Math.floor(sourceTime / HOUR_MS) % 24 === hour);
  return same.length < ENOUGH ? null : divideHalfEven(same.reduce((sum, { value }) => sum + value, 0n), BigInt(same.length));
}

/** The mean of everything known over the 7 days before `nowMs` (W-38); null where nothing is. */
export function weekMean(history: readonly TimedValue[], nowMs: number): bigint | null {
  const known = history.filter(({ sourceTime }) => sourceTime < nowMs && sourceTime >= nowMs - WEEK_MS);
  return known.length === 0 ? null : divideHalfEven(known.reduce((sum, { value }) => sum + value, 0n), BigInt(known.length));
}

/** The last 168 hours before `nowMs`, oldest first, null where nothing is known: what routing's forecast reads (W-71). */
export function hoursBefore(history: readonly TimedValue[], nowMs: number): (number | null)[] {
  const byHour = new Map(history.map(({ sourceTime, value }) => [Math.floor(sourceTime / HOUR_MS), Number(value)]));
  const now = Math.floor(nowMs / HOUR_MS);
  return Array.from({ length: 168 }, (_, i) => byHour.get(now - 168 + i) ?? null);
}
