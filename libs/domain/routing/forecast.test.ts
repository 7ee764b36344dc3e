import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forecastHours } from './forecast.ts';

const week = (value: (hour: number) => number | null) => Array.from({ length: 168 }, (_, i) => value(i - 168));
const hourOfDay = (h: number) => ((h % 24) + 24) % 24;

describe('W-71: hours ahead', () => {
  test("the source's own hours stand as they are", () => {
    expect(forecastHours({ now: 5, past: [], own: [7, 8, 9], hours: 3 })).toEqual({ values: [7, 8, 9], origin: 'source' });
  });

  test('a source that gives less is filled up, and that is said', () => {
    const made = forecastHours({ now: 100, past: week(() => 100), own: [7, null], hours: 3 });
    expect(made).toEqual({ values: [7, 100, 100], origin: 'mean_7_days' });
  });

  test('a day that repeats itself is forecast exactly', () => {
    const day = (h: number) => 1_000 + 37 * hourOfDay(h);
    const made = forecastHours({ now: day(0), past: week(day), hours: 72 })!;
    expect(made.values).toEqual(Array.from({ length: 72 }, (_, i) => day(i + 1)));
  });

  test('what the present hour is off its mean fades by e^(−h/12)', () => {
    const made = forecastHours({ now: 200_000, past: week(() => 100_000), hours: 168 })!;
    expect(made.values[11], 'e⁻¹ after 12 h').toBe(136_788);
    expect(made.values[23], 'e⁻² after 24 h').toBe(113_534);
    expect(made.values[167], 'e⁻¹⁴ after a week').toBe(100_000);
  });

  test('an anomaly below the mean is one as well', () => {
    expect(forecastHours({ now: 0, past: week(() => 100_000), hours: 12 })!.values[11]).toBe(63_212);
  });

  test('the mean is of the days that had the hour; gaps are no zeros', () => {
    const past = week((h) => (h < -24 ? null : 500));
    expect(forecastHours({ now: 500, past, hours: 24 })!.values.every((value) => value === 500)).toBe(true);
  });

  test.each([
    ['no past', []], ['a past of gaps', week(() => null)], ['one hour of the day never seen', week((h) => (hourOfDay(h) === 5 ? null : 10))],
  ])('%s: no forecast, and none is made up', (_name, past) => expect(forecastHours({ now: 10, past, hours: 24 })).toBeNull());

  test('more than a week of past changes nothing', () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000_000 }), { minLength: 168, maxLength: 168 });
    fc.assert(fc.property(values, fc.integer(), (past, older) => {
      const short = forecastHours({ now: 1, past, hours: 48 });
      expect(forecastHours({ now: 1, past: [older, older, ...past], hours: 48 })).toEqual(short);
    }));
  });

  test('stays within what was seen', () => {
    const values = fc.array(fc.nat(1_000_000), { minLength: 168, maxLength: 168 });
    fc.assert(fc.property(values, fc.nat(1_000_000), (past, now) => {
      const [least, most] = [Math.min(now, ...past), Math.max(now, ...past)];
      // The anomaly of one hour on the mean of another may pass either by at most the spread.
      return forecastHours({ now, past, hours: 168 })!.values.every((value) => value >= least - (most - least) && value <= most + (most - least));
    }));
  });
});
