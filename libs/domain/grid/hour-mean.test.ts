import { describe, expect, test } from 'vitest';
import { hourMean, hoursBefore, weekMean, type TimedValue } from './hour-mean.ts';
import { HOUR_MS } from './simulate.ts';

const NOW = Date.parse('2026-03-10T12:00Z');
/** Hours before now; the value of an hour is fixed by its hour of the day and its distance. */
const week = (value: (hourOfDay: number, hoursAgo: number) => bigint, hours = 168): TimedValue[] =>
  Array.from({ length: hours }, (_, i) => ({ sourceTime: NOW - (i + 1) * HOUR_MS, value: value(new Date(NOW - (i + 1) * HOUR_MS).getUTCHours(), i + 1) }));
const outside = [{ sourceTime: NOW, value: 1_000_000n }, { sourceTime: NOW - 192 * HOUR_MS, value: 1_000_000n }];

describe('W-52: the mean of an hour', () => {
  test('is over that hour of the day on the seven days before', () => {
    expect(hourMean(week((hour) => BigInt(hour) * 100n), NOW)).toBe(1_200n);
    // 24, 48 … 168 hours ago: (24 + … + 168) ÷ 7 = 96
    expect(hourMean(week((_, ago) => BigInt(ago)), NOW)).toBe(96n);
  });

  test('does not look at the hour itself, nor further back than seven days', () => expect(hourMean([...week(() => 5n), ...outside], NOW)).toBe(5n));

  test('a gap is left out, not taken as 0', () => {
    expect(hourMean(week(() => 70n).filter(({ sourceTime }) => sourceTime !== NOW - 24 * HOUR_MS), NOW)).toBe(70n);
  });

  test('fewer than three values are no mean', () => {
    expect(hourMean(week(() => 70n, 48), NOW)).toBeNull();
    expect(hourMean(week(() => 70n, 72), NOW)).toBe(70n);
  });

  test('quarter hours all count to their hour', () => {
    const quarters = [1, 2, 3].flatMap((day) => [0, 15, 30, 45].map((minute) => ({ sourceTime: NOW - day * 24 * HOUR_MS + minute * 60_000, value: BigInt(minute) })));
    // 0, 15, 30, 45 on each of three days: 22.5, half to even
    expect(hourMean(quarters, NOW)).toBe(22n);
  });
});

describe('W-38: the mean of the week', () => {
  test('is over all that is known of it', () => expect(weekMean([...week((_, ago) => BigInt(ago)), ...outside], NOW)).toBe(84n));
  test('nothing known is no mean', () => expect(weekMean([], NOW)).toBeNull());
});

describe('the hours before now', () => {
  test('are 168, oldest first, with null for a gap', () => {
    const hours = hoursBefore(week((_, ago) => BigInt(ago)).filter(({ value }) => value !== 2n), NOW);
    expect([hours.length, hours[0], hours[165], hours[166], hours[167]]).toEqual([168, 168, 3, null, 1]);
  });

  test('the present hour is not among them', () => expect(hoursBefore(outside, NOW).every((value) => value === null)).toBe(true));
});
