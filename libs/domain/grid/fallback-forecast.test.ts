import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallbackForecast, hourMean, type TimedValue } from './fallback-forecast.ts';
import { HOUR_MS } from './simulate.ts';

const NOW = Date.parse('2026-03-10T12:00Z');
/** `days` × 24 hours before now; the value of an hour is fixed by its hour of the day and its distance. */
const week = (value: (hourOfDay: number, hoursAgo: number) => bigint, hours = 168): TimedValue[] =>
  Array.from({ length: hours }, (_, i) => ({ sourceTime: NOW - (i + 1) * HOUR_MS, value: value(new Date(NOW - (i + 1) * HOUR_MS).getUTCHours(), i + 1) }));

describe('hourMean', () => {
  test('is the mean of that hour of the day over the seven days before', () => {
    expect(hourMean(week((hour) => BigInt(hour) * 100n), NOW, NOW)).toBe(1_200n);
    // 24, 48 … 168 hours ago: (24 + … + 168) ÷ 7 = 96
    expect(hourMean(week((_, ago) => BigInt(ago)), NOW, NOW)).toBe(96n);
  });

  test('does not look at the hour itself, nor further back than seven days', () => {
    const outside = [{ sourceTime: NOW, value: 1_000_000n }, { sourceTime: NOW - 192 * HOUR_MS, value: 1_000_000n }];
    expect(hourMean([...week(() => 5n), ...outside], NOW, NOW)).toBe(5n);
  });

  test('a gap is left out, not taken as 0', () => {
    expect(hourMean(week(() => 70n).filter(({ sourceTime }) => sourceTime !== NOW - 24 * HOUR_MS), NOW, NOW)).toBe(70n);
  });

  test('fewer than three values are no mean', () => {
    expect(hourMean(week(() => 70n, 48), NOW, NOW)).toBeNull();
    expect(hourMean(week(() => 70n, 72), NOW, NOW)).toBe(70n);
  });
});

describe('W-71: the forecast of a source that has none', () => {
  test('a usual hour stays usual', () => {
    const history = week((hour) => BigInt(hour) * 1_000n);
    expect(fallbackForecast(history, { sourceTime: NOW, value: 12_000n }, 72)).toEqual(Array.from({ length: 72 }, (_, i) => BigInt((12 + i + 1) % 24) * 1_000n));
  });

  test('an unusual one fades: 1,000 above the mean is 920 above after 1 h, 368 after 12 h, 50 after 36 h', () => {
    const ahead = fallbackForecast(week(() => 10_000n), { sourceTime: NOW, value: 11_000n }, 36);
    expect([ahead[0], ahead[11], ahead[35]]).toEqual([10_920n, 10_368n, 10_050n]);
  });

  test('what nobody knows is null', () => expect(fallbackForecast([], { sourceTime: NOW, value: 1n }, 2)).toEqual([null, null]));

  test('lies between the usual and the usual plus what is unusual now', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50_000, max: 900_000 }), (value) => {
        const usual = 300_000n;
        return fallbackForecast(week(() => usual), { sourceTime: NOW, value: BigInt(value) }, 48).every((one) => {
          const off = one! - usual;
          const whole = BigInt(value) - usual;
          return whole >= 0n ? off >= 0n && off <= whole : off <= 0n && off >= whole;
        });
      }),
    );
  });
});
