import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleForecast, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { exactIntegral, hourAt, integral, runMs, windowSums, zoneHours } from './hours.ts';

const HOUR = 3_600_000n;
const ahead = (intensity: readonly number[]) => zoneHours(sampleZone('FR', 100, 50, { forecast: sampleForecast(intensity, intensity.map((_value, h) => 50 + h)) }))!;

describe('hours of a zone', () => {
  test('a zone without a signal has no hours: nothing is taken to be 0', () => {
    expect(zoneHours(sampleZone('FR', 1, 1, { signal: null, forecast: sampleForecast(100, 50) }))).toBeNull();
  });

  test('without a forecast the present hour stands for all', () => {
    const hours = zoneHours(sampleZone('FR', 100, 50))!;
    expect([hours.known, integral(hours.intensity, 1), integral(hours.intensity, 1_000)]).toEqual([1, 100_000, 100_000_000]);
  });

  test.each([
    [0, 0], [0.5, 50_000], [1, 100_000], [1.5, 200_000], [2, 300_000], [3, 600_000], [4, 600_000 + 200_000],
  ])('∫ over the first %s h of 100, 200, 300 g and then their mean is %s', (h, expected) => expect(integral(ahead([200, 300]).intensity, h)).toBe(expected));

  test('beyond what is known the last day goes on, not the week before it', () => {
    const hours = ahead([...Array.from({ length: 24 }, () => 900), ...Array.from({ length: 24 }, () => 40)]);
    expect(hours.intensity.tail).toBe(40_000);
    expect(hourAt(hours, 1_000n * HOUR)).toEqual({ intensity: 40_000, price: 85_500_000 });
    expect(hourAt(hours, HOUR + 1n)).toEqual({ intensity: 900_000, price: 50_000_000 });
  });

  test('the shorter of two forecasts is what is known, and a week is the most', () => {
    const uneven = { ...sampleForecast(Array.from({ length: 10 }, () => 1), Array.from({ length: 4 }, () => 1)) };
    expect(zoneHours(sampleZone('FR', 1, 1, { forecast: uneven }))!.known).toBe(5);
    expect(ahead(Array.from({ length: 400 }, () => 1)).known).toBe(169);
  });

  test('exact and floating stretches agree, and stretches add up', () => {
    const series = ahead([200, 300, 17, 0, 1_999]).intensity;
    const ms = fc.bigInt(0n, 40n * HOUR);
    fc.assert(fc.property(ms, ms, (a, b) => {
      expect(Number(exactIntegral(series, a)) / 3.6e6).toBeCloseTo(integral(series, Number(a) / 3.6e6), 3);
      const [early, late] = a < b ? [a, b] : [b, a];
      expect(exactIntegral(series, early) <= exactIntegral(series, late)).toBe(true);
    }));
  });
});

describe('the comparison window', () => {
  test.each([[0, 1, 100_000n], [1, 1, 100_000n], [2, 2, 300_000n], [3, 3, 600_000n], [24, 3, 600_000n]])('%s h ask for %s known ones', (asked, hours, intensity) => {
    expect(windowSums(ahead([200, 300]), asked)).toMatchObject({ hours, intensity });
  });
});

describe('how long work runs', () => {
  test.each([
    ['an H100 hour on one H100', 3_600, 1_000, 1, 3_600_000n], ['on an A100', 3_600, 500, 1, 7_200_000n], ['on eight H200', 36_000, 1_150, 8, 3_913_044n],
    ['nothing left', 0, 1_000, 1, 0n], ['a unit on three: a millisecond is rounded up', 1, 1_000, 3, 334n],
  ])('%s', (_name, units, speed, gpus, ms) => expect(runMs(units, speed, gpus)).toBe(ms));
});
