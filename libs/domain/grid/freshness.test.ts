import { describe, expect, test } from 'vitest';
import { isFresh, usableSignal } from './freshness.ts';
import { HOUR_MS } from './simulate.ts';

const NOW = Date.parse('2026-03-10T12:00Z');
const row = { value: 50n, quality: 'preliminary' as const };
const forecast = { value: 60n, issuedAt: NOW - 3 * HOUR_MS };

describe('W-41', () => {
  test.each([[0, true], [1, true], [2, true], [2.001, false], [24, false], [-3, true]])('a row that ended %s steps ago: fresh is %s', (steps, expected) => {
    expect(isFresh(NOW - steps * 60_000, NOW, 60_000)).toBe(expected);
  });

  test.each([
    ['the row, if there is one', { row, forecast, yearlyMean: 100n }, { value: 50n, quality: 'preliminary', from: 'row', low: 50n, high: 50n }],
    ['else the forecast', { row: null, forecast, yearlyMean: 100n }, { value: 60n, quality: 'fallback', from: 'forecast', low: 60n, high: 60n }],
    ['one of 6 hours still', { row: null, forecast: { value: 60n, issuedAt: NOW - 6 * HOUR_MS }, yearlyMean: 100n }, { value: 60n, quality: 'fallback', from: 'forecast', low: 60n, high: 60n }],
    ['one of 7 hours no more: the yearly mean ± 60 %', { row: null, forecast: { value: 60n, issuedAt: NOW - 7 * HOUR_MS }, yearlyMean: 100n }, { value: 100n, quality: 'fallback', from: 'yearly_mean', low: 40n, high: 160n }],
    ['else nothing, which is not 0', { row: null, forecast: null, yearlyMean: null }, null],
  ])('%s', (_name, known, expected) => expect(usableSignal(known, NOW)).toEqual(expected));
});
