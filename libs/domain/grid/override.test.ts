import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hourMean } from './hour-mean.ts';
import { detect } from './events.ts';
import { applyOverride } from './override.ts';
import { seriesKey, type SignalValue } from './signal.ts';
import { HOUR_MS, simulatedValues } from './simulate.ts';
import { SIMULATED_ZONES } from './simulated-zones.ts';

const intensity = (value: bigint, basis: SignalValue['basis'] = 'average_lifecycle'): SignalValue => ({ kind: 'intensity', basis, fuel: null, value });
const other = (kind: SignalValue['kind'], value: bigint): SignalValue => ({ kind, basis: null, fuel: null, value });
const options = { confirmations: 1, shedOpen: false, called: new Set<never>() };

describe('W-133: trigger_reroute', () => {
  test.each([
    ['three times a dirty hour', 400_000n, '0', 1_200_000n],
    ['at least 300 g more than a clean one', 60_000n, '0', 360_000n],
    ['at least the floor', 60_000n, '520000', 520_000n],
  ])('%s', (_name, value, floor, expected) => {
    expect(applyOverride([intensity(value)], { effect: 'carbon-spike', floor_mg_per_kwh: floor })).toEqual([intensity(expected)]);
  });

  test('touches intensity alone', () => {
    const rest = [other('price', 5n), other('demand', 6n), other('curtailed', 0n)];
    expect(applyOverride(rest, { effect: 'carbon-spike', floor_mg_per_kwh: '0' })).toEqual(rest);
  });
});

describe('W-133: trigger_curtailment', () => {
  const of = (...values: SignalValue[]) => applyOverride(values, { effect: 'surplus' });

  test('the price falls to −5 USD, and one below that stays', () => {
    expect(of(other('price', 80_000_000n))).toEqual([other('price', -5_000_000n)]);
    expect(of(other('price', -68_000_000n))).toEqual([other('price', -68_000_000n)]);
  });

  test('5 % of demand is curtailed, at least a megawatt', () => {
    expect(of(other('demand', 50_000_000n), other('curtailed', 0n))[1]!.value).toBe(2_500_000n);
    expect(of(other('curtailed', 0n))[0]!.value).toBe(1_000n);
    expect(of(other('demand', 50_000_000n), other('curtailed', 5_000_000n))[1]!.value).toBe(5_000_000n);
  });

  test('one more kilowatt-hour costs no carbon; the averages stay', () => {
    expect(of(intensity(490_000n, 'marginal'), intensity(80_000n))).toEqual([intensity(0n, 'marginal'), intensity(80_000n)]);
  });

  test('opens absorb in any hour of any zone', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SIMULATED_ZONES), fc.integer({ min: 490_000, max: 520_000 }), (zone, hour) => {
        const at = hour * HOUR_MS;
        const values = new Map(applyOverride(simulatedValues(1, zone, at, 'preliminary'), { effect: 'surplus' }).map((value) => [seriesKey(value), value.value]));
        const reading = { intervalStart: at, sourceTime: at, intensity: null, price: values.get('price:')!, renewables: null, demand: null, curtailed: values.get('curtailed:')!, installed: 0n, meanIntensity: null, meanPrice: null, fresh: true };
        return detect({}, reading, options).changes.some(({ kind, change }) => kind === 'absorb' && change === 'opened');
      }),
    );
  });

  test('W-52 sees a spike where the floor is 1.5 × the highest mean', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SIMULATED_ZONES), fc.integer({ min: 490_000, max: 520_000 }), (zone, hour) => {
        const at = hour * HOUR_MS;
        const grams = (ms: number, quality: 'final' | 'preliminary') => simulatedValues(1, zone, ms, quality)[0]!.value;
        const history = Array.from({ length: 168 }, (_, i) => ({ sourceTime: at - (i + 1) * HOUR_MS, value: grams(at - (i + 1) * HOUR_MS, 'final') }));
        const mean = hourMean(history, at)!;
        const [spiked] = applyOverride([intensity(grams(at, 'preliminary'))], { effect: 'carbon-spike', floor_mg_per_kwh: ((mean * 3n) / 2n).toString() });
        const reading = { intervalStart: at, sourceTime: at, intensity: spiked!.value, price: null, renewables: null, demand: null, curtailed: null, installed: 0n, meanIntensity: mean, meanPrice: null, fresh: true };
        return detect({}, reading, options).changes.some(({ kind, change }) => kind === 'carbon-spike' && change === 'opened');
      }),
      { numRuns: 50 },
    );
  });
});
