import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FORECAST_HOURS, knownPricesUntil, simulatedForecast } from './forecast.ts';
import { isFresh, usableSignal } from './freshness.ts';
import { hourMean, hoursBefore, weekMean } from './hour-mean.ts';
import { isJump } from './jump.ts';
import { noise } from './noise.ts';
import { HOUR_MS, simulateHour } from './simulate.ts';
import { SIMULATED_ZONES } from './simulated-zones.ts';

const zones = fc.constantFrom(...SIMULATED_ZONES);
const seeds = fc.nat(1_000_000);
const hours = fc.integer({ min: 490_000, max: 540_000 }).map((h) => h * HOUR_MS);
const runs = { numRuns: 40 };

describe('W-52: a forecast as the page has it', () => {
  test('intensity is the truth × (1 + σ·noise), for every basis, hour and zone', () => {
    fc.assert(fc.property(seeds, zones, hours, (seed, zone, issued) => {
      for (const { kind, basis, sourceTime, value } of simulatedForecast(seed, zone, issued)) {
        if (kind !== 'intensity') continue;
        const ahead = (sourceTime - issued) / HOUR_MS;
        // 0.02·√56.25 = 0.15: from the 57th hour on the error grows no more
        const sigma = ahead >= 57 ? 0.15 : 0.02 * Math.sqrt(ahead);
        const off = sigma * noise(seed, zone.zone, `fc${issued / HOUR_MS}`, 6, sourceTime / HOUR_MS + 0.5);
        expect(Math.abs(Number(value) - simulateHour(seed, zone, sourceTime)[basis!] * 1_000 * (1 + off))).toBeLessThanOrEqual(0.51);
      }
    }), runs);
  });

  test('prices are exact to the end of the day-ahead auction and off by at most 40·σ USD behind it', () => {
    fc.assert(fc.property(seeds, zones, hours, (seed, zone, issued) => {
      const prices = simulatedForecast(seed, zone, issued).filter(({ kind }) => kind === 'price');
      const hourOfDay = new Date(issued).getUTCHours();
      const known = (hourOfDay < 12 ? 24 : 48) - hourOfDay - 1;
      expect(prices).toHaveLength(FORECAST_HOURS);
      prices.forEach(({ sourceTime, value }, i) => {
        const off = Math.abs(Number(value) - simulateHour(seed, zone, sourceTime).price * 1e6);
        expect(off).toBeLessThanOrEqual(i < known ? 0.51 : 40e6 * Math.min(0.02 * Math.sqrt(i + 1), 0.15) + 0.51);
        if (i >= known && noise(seed, zone.zone, `fc${issued / HOUR_MS}`, 6, sourceTime / HOUR_MS + 0.5) > 0.01) expect(off).toBeGreaterThan(1_000);
      });
    }), runs);
  });

  test.each([
    ['2026-03-29T00:00:00.000Z', '2026-03-30'], ['2026-03-29T11:59:59.999Z', '2026-03-30'], ['2026-03-29T12:00:00.000Z', '2026-03-31'], ['2026-03-29T23:59:59.999Z', '2026-03-31'],
    ['2026-12-31T11:59:59.999Z', '2027-01-01'], ['2026-12-31T12:00:00.000Z', '2027-01-02'], ['2028-02-28T12:00:00.000Z', '2028-03-01'], ['2026-10-25T12:00:00.000Z', '2026-10-27'],
  ])('at %s prices are known until %s, midnight UTC', (at, until) => expect(new Date(knownPricesUntil(Date.parse(at))).toISOString()).toBe(`${until}T00:00:00.000Z`));

  test('from noon to noon there are 12 to 36 hours of known prices, never fewer later', () => {
    const at = fc.integer({ min: 0, max: 2 ** 41 });
    fc.assert(fc.property(at, at, (a, b) => {
      const left = knownPricesUntil(a) - a;
      expect(left).toBeGreaterThan(12 * HOUR_MS);
      expect(left).toBeLessThanOrEqual(36 * HOUR_MS);
      expect(a <= b ? knownPricesUntil(a) <= knownPricesUntil(b) : true).toBe(true);
    }), { numRuns: 500 });
  });
});

describe('W-41: freshness to the millisecond', () => {
  const NOW = Date.parse('2026-03-10T12:00Z');
  test.each([1_000, 60_000, 300_000, 900_000, 3_600_000])('a step of %i ms', (stepMs) => {
    expect([0, 1, 2 * stepMs - 1, 2 * stepMs, 2 * stepMs + 1].map((age) => isFresh(NOW - age, NOW, stepMs))).toEqual([true, true, true, true, false]);
  });

  test('the longer of two steps is never the less forgiving, and who is fresh now was fresh before', () => {
    const ms = fc.integer({ min: 1, max: 10 * HOUR_MS });
    fc.assert(fc.property(ms, ms, ms, ms, (age, a, b, later) => {
      expect(isFresh(NOW - age, NOW, Math.max(a, b))).toBe(isFresh(NOW - age, NOW, a) || isFresh(NOW - age, NOW, b));
      if (isFresh(NOW - age, NOW + later, a)) expect(isFresh(NOW - age, NOW, a)).toBe(true);
    }));
  });

  test.each([[6 * HOUR_MS - 1, 'forecast'], [6 * HOUR_MS, 'forecast'], [6 * HOUR_MS + 1, 'yearly_mean']])('a forecast issued %i ms before: %s', (age, from) => {
    expect(usableSignal({ row: null, forecast: { value: 1n, issuedAt: NOW - age }, yearlyMean: 1_000n }, NOW)?.from).toBe(from);
  });

  test('nothing but a row says less than fallback, every value lies in its range, and 0 is a value', () => {
    const value = fc.bigInt(0n, 2_000_000n);
    const row = fc.option(fc.record({ value, quality: fc.constantFrom('final' as const, 'preliminary' as const, 'estimated' as const) }));
    fc.assert(fc.property(row, fc.option(fc.record({ value, issuedAt: fc.integer({ min: NOW - 12 * HOUR_MS, max: NOW }) })), fc.option(value), (known, forecast, yearlyMean) => {
      const usable = usableSignal({ row: known, forecast, yearlyMean }, NOW);
      const late = forecast === null || NOW - forecast.issuedAt > 6 * HOUR_MS;
      expect(usable === null).toBe(known === null && late && yearlyMean === null);
      if (!usable) return;
      expect(usable.quality).toBe(known ? known.quality : 'fallback');
      expect(usable.low <= usable.value && usable.value <= usable.high).toBe(true);
      // ± 60 % of the mean, to half a milligram
      const width = usable.from === 'yearly_mean' ? usable.value * 6n : 0n;
      expect(Math.abs(Number((usable.high - usable.low) * 5n - width))).toBeLessThanOrEqual(5);
    }));
  });
});

describe('means, counted one by one', () => {
  const NOW = Date.parse('2026-03-10T12:00Z');
  const history = fc.array(fc.record({ hoursAgo: fc.oneof(fc.integer({ min: -5, max: 200 }), fc.constantFrom(0, 24, 48, 72, 96, 120, 144, 167, 168, 169, 192)), minute: fc.constantFrom(0, 0, 0, 15, 30), value: fc.integer({ min: -1_000, max: 1_000 }) }), { maxLength: 300 })
    .map((all) => all.map(({ hoursAgo, minute, value }) => ({ sourceTime: NOW - hoursAgo * HOUR_MS + minute * 60_000, value: BigInt(value) })));
  /** Half a unit at most, and on a half the even one. */
  const isMean = (mean: bigint, values: readonly bigint[]) => {
    const off = Number(mean) * values.length - Number(values.reduce((a, b) => a + b, 0n));
    return 2 * Math.abs(off) < values.length || (2 * Math.abs(off) === values.length && mean % 2n === 0n);
  };

  test('W-52: of one hour of the day, and W-38: of the week', () => {
    fc.assert(fc.property(history, fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 23 })), (all, shift) => {
      const at = NOW - shift * HOUR_MS;
      const week = all.filter(({ sourceTime }) => at - sourceTime > 0 && at - sourceTime <= 168 * HOUR_MS).map(({ sourceTime, value }) => ({ hour: new Date(sourceTime).getUTCHours(), value }));
      const same = week.filter(({ hour }) => hour === new Date(at).getUTCHours()).map(({ value }) => value);
      const mean = hourMean(all, at);
      expect(mean === null ? same.length < 3 : same.length >= 3 && isMean(mean, same)).toBe(true);
      const whole = weekMean(all, at);
      expect(whole === null ? week.length === 0 : isMean(whole, week.map(({ value }) => value))).toBe(true);
    }));
  });

  test('W-71: each of the 168 hours before holds what was said of it last, or null', () => {
    fc.assert(fc.property(history, (all) => {
      const series = hoursBefore(all, NOW);
      expect(series).toHaveLength(168);
      series.forEach((value, i) => {
        const from = NOW - (168 - i) * HOUR_MS;
        const said = all.filter(({ sourceTime }) => sourceTime >= from && sourceTime < from + HOUR_MS).at(-1);
        expect(value).toBe(said ? Number(said.value) : null);
      });
    }));
  });

  test('W-38: a value is doubted from 10 × the mean + 1 on, once: the same value again is believed', () => {
    fc.assert(fc.property(fc.bigInt(1n, 10n ** 9n), fc.bigInt(1n, 10n ** 9n), (mean, more) => {
      expect(isJump(10n * mean, mean, null)).toBe(false);
      expect(isJump(10n * mean + more, mean, null)).toBe(true);
      expect(isJump(10n * mean + more, mean, 10n * mean + more)).toBe(false);
    }));
  });
});
