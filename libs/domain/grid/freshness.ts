import { divideHalfEven } from '../quantities/round.ts';
import { HOUR_MS } from './simulate.ts';
import type { SignalQuality } from './signal.ts';

const FRESH_STEPS = 2;
const FORECAST_HOURS = 6;
/** What a zone's yearly mean may be off by. */
const YEARLY_RANGE_PERCENT = 60n;

/** W-41: the newest usable row ended at most two steps ago. `stepMs` is the longer of the interval and the source's own. */
export const isFresh = (rowEndedAt: number, now: number, stepMs: number): boolean => now - rowEndedAt <= FRESH_STEPS * stepMs;

export interface Known<Row> {
  /** The newest usable row, if it is fresh. */
  readonly row: (Row & { readonly value: bigint; readonly quality: SignalQuality }) | null;
  /** What was forecast for this interval, and at which source time. */
  readonly forecast: { readonly value: bigint; readonly issuedAt: number } | null;
  readonly yearlyMean: bigint | null;
}

export interface Usable {
  readonly value: bigint;
  readonly quality: SignalQuality;
  readonly from: 'row' | 'forecast' | 'yearly_mean';
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * W-41's order: fresh row, a forecast of the last 6 source hours, the zone's yearly mean ± 60 %. Null is no signal, never 0.
 * What is not from a row may place new work, and may not justify a move.
 */
export function usableSignal<Row>({ row, forecast, yearlyMean }: Known<Row>, sourceTime: number): Usable | null {
  if (row) return { value: row.value, quality: row.quality, from: 'row', low: row.value, high: row.value };
  if (forecast && sourceTime - forecast.issuedAt <= FORECAST_HOURS * HOUR_MS)
    return { value: forecast.value, quality: 'fallback', from: 'forecast', low: forecast.value, high: forecast.value };
  if (yearlyMean === null) return null;
  const range = divideHalfEven(yearlyMean * YEARLY_RANGE_PERCENT, 100n);
  return { value: yearlyMean, quality: 'fallback', from: 'yearly_mean', low: yearlyMean - range, high: yearlyMean + range };
}
