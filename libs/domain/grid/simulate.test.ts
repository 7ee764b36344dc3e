import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FUELS } from './factors.ts';
import { FORECAST_HOURS, knownPricesUntil, simulatedForecast } from './forecast.ts';
import { inBounds, seriesKey } from './signal.ts';
import { HOUR_MS, preliminaryFactor, simulatedValues, simulateHour } from './simulate.ts';
import { SIMULATED_ZONES, simulatedZone } from './simulated-zones.ts';

const DE = simulatedZone('DE')!;
const anyHour = fc.integer({ min: Date.UTC(2020, 0, 1) / HOUR_MS, max: Date.UTC(2040, 0, 1) / HOUR_MS }).map((h) => h * HOUR_MS);
const anyZone = fc.constantFrom(...SIMULATED_ZONES);
const anySeed = fc.integer({ min: 1, max: 1_000_000 });

describe('W-48: any hour of any zone under any seed', () => {
  test('is inside the bounds, and nothing is produced below 0', () => {
    fc.assert(
      fc.property(anySeed, anyZone, anyHour, (seed, zone, at) => {
        const hour = simulateHour(seed, zone, at);
        return simulatedValues(seed, zone, at, 'final').every(inBounds) && Object.values(hour.mix).every((mw) => mw >= 0) && hour.price >= -90 && hour.price <= 4 * zone.basePrice;
      }),
    );
  });

  test('balances: generation is own demand and export; what is curtailed is not generated', () => {
    fc.assert(
      fc.property(anySeed, anyZone, anyHour, (seed, zone, at) => {
        const { generation, ownDemand, exported, curtailed, marginal } = simulateHour(seed, zone, at);
        return Math.abs(generation - ownDemand - exported) < 1e-6 * ownDemand && (curtailed === 0 || marginal === 0);
      }),
    );
  });

  test('is the same hour however it is asked for', () => {
    fc.assert(fc.property(anySeed, anyZone, anyHour, (seed, zone, at) => JSON.stringify(simulateHour(seed, zone, at)) === JSON.stringify(simulateHour(seed, zone, at))));
  });

  test('has no sun at night', () => expect(simulateHour(1, DE, Date.parse('2026-12-21T23:00Z')).mix.solar).toBe(0));
});

describe('the rows of an hour', () => {
  const at = Date.parse('2026-06-21T11:00Z');
  const final = simulatedValues(1, DE, at, 'final');

  test('are 15 series, each once', () => {
    expect(final).toHaveLength(15);
    expect(new Set(final.map(seriesKey)).size).toBe(15);
    expect(final.filter(({ fuel }) => fuel !== null).map(({ fuel }) => fuel).every((fuel) => FUELS.includes(fuel as (typeof FUELS)[number]))).toBe(true);
  });

  test('are integers of W-2: 180.077 g is 180,077 mg, −68.083 USD is −68,083,xxx µUSD, 5,229.6 MW is 5,229,6xx kW', () => {
    const of = (key: string) => final.find((row) => seriesKey(row) === key)!.value;
    expect(Number(of('intensity:average_lifecycle')) / 1e3).toBeCloseTo(180.077, 2);
    expect(Number(of('price:')) / 1e6).toBeCloseTo(-68.083, 2);
    expect(Number(of('curtailed:')) / 1e3).toBeCloseTo(5_229.6, 0);
    expect(of('intensity:marginal')).toBe(0n);
  });

  test('W-52: a preliminary row is off by its factor, within 3 %, in every series alike', () => {
    const factor = preliminaryFactor(1, 'DE', at);
    expect(Math.abs(factor - 1)).toBeLessThanOrEqual(0.03);
    for (const [i, row] of simulatedValues(1, DE, at, 'preliminary').entries())
      expect(Math.abs(Number(row.value) - Number(final[i]!.value) * factor)).toBeLessThanOrEqual(1.1);
  });

  test('preliminary factors differ from hour to hour and use both sides', () => {
    const factors = Array.from({ length: 200 }, (_, h) => preliminaryFactor(1, 'FR', at + h * HOUR_MS));
    expect(new Set(factors).size).toBe(200);
    expect(Math.min(...factors)).toBeLessThan(0.98);
    expect(Math.max(...factors)).toBeGreaterThan(1.02);
  });
});

describe('W-52: the forecast', () => {
  const issued = Date.parse('2026-03-10T09:00Z');
  const rows = simulatedForecast(1, DE, issued);
  const price = rows.filter(({ kind }) => kind === 'price');
  const exact = (sourceTime: number) => simulatedValues(1, DE, sourceTime, 'final').find(({ kind }) => kind === 'price')!.value;

  test('speaks of each of the next 72 hours, three bases and price', () => {
    expect(rows).toHaveLength(FORECAST_HOURS * 4);
    expect(price.map(({ sourceTime }) => (sourceTime - issued) / HOUR_MS)).toEqual(Array.from({ length: 72 }, (_, i) => i + 1));
  });

  test('knows prices to the end of the day before noon, of the next day from noon', () => {
    const at = (time: string) => new Date(knownPricesUntil(Date.parse(time))).toISOString();
    expect(at('2026-03-10T11:00Z')).toBe('2026-03-11T00:00:00.000Z');
    expect(at('2026-03-10T12:00Z')).toBe('2026-03-12T00:00:00.000Z');
    expect(at('2026-03-10T23:00Z')).toBe('2026-03-12T00:00:00.000Z');
    const known = price.filter(({ sourceTime }) => sourceTime < Date.parse('2026-03-11T00:00Z'));
    expect(known).toHaveLength(14);
    for (const row of known) expect(row.value).toBe(exact(row.sourceTime));
    const guessed = price.filter(({ sourceTime }) => sourceTime >= Date.parse('2026-03-11T00:00Z'));
    expect(guessed.filter((row) => row.value !== exact(row.sourceTime)).length).toBeGreaterThan(50);
    for (const row of guessed) expect(Math.abs(Number(row.value - exact(row.sourceTime)))).toBeLessThanOrEqual(40 * 0.15 * 1e6 + 1);
  });

  test('errs on intensity by at most 2 % × √hours, never above 15 %', () => {
    fc.assert(
      fc.property(anySeed, anyZone, anyHour, (seed, zone, at) =>
        simulatedForecast(seed, zone, at)
          .filter(({ basis }) => basis === 'average_lifecycle')
          .every(({ sourceTime, value }) => {
            const truth = simulateHour(seed, zone, sourceTime).average_lifecycle * 1_000;
            return Math.abs(Number(value) - truth) <= truth * Math.min(0.02 * Math.sqrt((sourceTime - at) / HOUR_MS), 0.15) + 1;
          }),
      ),
      { numRuns: 20 },
    );
  });

  test('a later issue sees the same hour differently', () => {
    const later = simulatedForecast(1, DE, issued + HOUR_MS);
    const of = (list: typeof rows) => list.find(({ basis, sourceTime }) => basis === 'average_lifecycle' && sourceTime === issued + 24 * HOUR_MS)!.value;
    expect(of(later)).not.toBe(of(rows));
  });
});
