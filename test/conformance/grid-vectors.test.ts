import { describe, expect, test } from 'vitest';
import { fraction } from '#domain/grid/noise';
import { simulatedZone, SIMULATED_ZONES } from '#domain/grid/simulated-zones';
import { HOUR_MS, simulateHour } from '#domain/grid/simulate';

const at = (zone: string, time: string) => simulateHour(1, simulatedZone(zone)!, Date.parse(time));
const year = (zone: string) => Array.from({ length: 8_760 }, (_, h) => ({ start: Date.UTC(2026, 0, 1) + h * HOUR_MS, ...simulateHour(1, simulatedZone(zone)!, Date.UTC(2026, 0, 1) + h * HOUR_MS) }));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('W-47: check values', () => {
  expect(fraction(1, 'EU', 'weather', 0)).toBeCloseTo(0.994581925683, 12);
  expect(fraction(1, 'FR', 'price', 7)).toBeCloseTo(0.016630862374, 12);
});

describe('W-50: vectors, seed 1, ± 0.1 %', () => {
  test.each([
    ['FR', '2026-01-15T12:00Z', { average_lifecycle: 59.754, average_direct: 31.544, price: 74.564, demand: 58_306.3, solar: 3_454.1, wind: 6_789.4 }],
    ['DE', '2026-06-21T11:00Z', { average_lifecycle: 180.077, average_direct: 106.274, price: -68.083, demand: 47_623.0, solar: 23_582.7, wind: 9_685.4, curtailed: 5_229.6, marginal: 0 }],
    ['DE', '2026-11-20T18:00Z', { average_lifecycle: 432.109, average_direct: 354.261, price: 107.762, demand: 66_541.8, solar: 0, wind: 18_777.6, marginal: 707.8 }],
    ['US-TEX-ERCO', '2026-08-01T00:00Z', { average_lifecycle: 475.899, average_direct: 377.97, price: 93.392, demand: 59_822.7, solar: 1_470.1, wind: 1_764.9 }],
  ])('%s at %s', (zone, time, expected) => {
    const hour = at(zone, time);
    const { mix, ...figures } = hour;
    const shown: Record<string, number> = { ...figures, ...mix };
    for (const [name, value] of Object.entries(expected)) expect(Math.abs(shown[name]! - value), name).toBeLessThanOrEqual(Math.abs(value) * 0.001);
  });
});

describe('W-51: shapes', () => {
  test.each(SIMULATED_ZONES.map(({ zone, tz }) => [zone, tz] as const))('%s: demand peaks in the evening, the sun at noon, wind opposes it, and the balance holds', (zone, tz) => {
    const hours = year(zone);
    const meanBy = (value: (hour: (typeof hours)[number]) => number) =>
      Array.from({ length: 24 }, (_, h) => mean(hours.filter(({ start }) => (start / HOUR_MS + tz + 24) % 24 === h).map(value)));
    const peakOf = (byHour: readonly number[]) => byHour.indexOf(Math.max(...byHour));

    expect([18, 19, 20]).toContain(peakOf(meanBy(({ demand }) => demand)));
    expect([11, 12, 13]).toContain(peakOf(meanBy(({ mix }) => mix.solar)));
    expect(correlation(hours.map(({ mix }) => mix.solar), hours.map(({ mix }) => mix.wind))).toBeLessThanOrEqual(-0.2);
    const imbalance = hours.map(({ generation, ownDemand, exported }) => Math.abs(generation - ownDemand - exported));
    expect(Math.max(...imbalance)).toBeLessThanOrEqual(0.001);
  });

  test('a megawatt of sun in a British winter is less than 0.6 of a Spanish one', () => {
    const winter = ['GB', 'ES'].map((zone) => {
      const days = year(zone).filter(({ start }) => [0, 1, 11].includes(new Date(start).getUTCMonth()));
      return mean(days.map(({ mix }) => mix.solar)) / simulatedZone(zone)!.solarMw;
    });
    expect(winter[0]! / winter[1]!).toBeLessThan(0.6);
  });
});

test('W-45: any hour alone costs at most 20 µs', () => {
  const zone = simulatedZone('DE')!;
  const run = (count: number) => {
    const begin = performance.now();
    for (let h = 0; h < count; h += 1) simulateHour(1, zone, Date.UTC(2026, 0, 1) + h * HOUR_MS);
    return ((performance.now() - begin) * 1_000) / count;
  };
  run(2_000);
  expect(Math.min(...Array.from({ length: 5 }, () => run(2_000)))).toBeLessThanOrEqual(20);
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const cov = mean(a.map((x, i) => (x - ma) * (b[i]! - mb)));
  return cov / Math.sqrt(mean(a.map((x) => (x - ma) ** 2)) * mean(b.map((x) => (x - mb) ** 2)));
}
