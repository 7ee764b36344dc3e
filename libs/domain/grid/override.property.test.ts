import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyOverride, type OverrideSpec } from './override.ts';
import { inBounds, seriesKey, type SignalValue } from './signal.ts';
import { HOUR_MS, simulatedValues } from './simulate.ts';
import { SIMULATED_ZONES } from './simulated-zones.ts';

const hour = fc.record({ seed: fc.nat(1_000), zone: fc.constantFrom(...SIMULATED_ZONES), at: fc.integer({ min: 490_000, max: 520_000 }) })
  .map(({ seed, zone, at }) => simulatedValues(seed, zone, at * HOUR_MS, 'preliminary'));
const spike = (floor: number): OverrideSpec => ({ effect: 'carbon-spike', floor_mg_per_kwh: String(floor) });
const specs: fc.Arbitrary<OverrideSpec> = fc.oneof(fc.constant<OverrideSpec>({ effect: 'surplus' }), fc.nat(3_000_000).map(spike));
const byKey = (values: readonly SignalValue[]) => new Map(values.map((value) => [seriesKey(value), value.value]));

describe('W-134: what a demo control makes of an hour', () => {
  test('stays inside the bounds of W-38, however many are pressed one after the other', () => {
    fc.assert(fc.property(hour, fc.array(specs, { minLength: 1, maxLength: 6 }), (values, pressed) => {
      const made = pressed.reduce<readonly SignalValue[]>((now, spec) => applyOverride(now, spec), values);
      expect(made.filter((value) => !inBounds(value))).toEqual([]);
    }), { numRuns: 300 });
  });

  test('has the same series in the same order, and leaves what was given as it was', () => {
    fc.assert(fc.property(hour, specs, (values, spec) => {
      const before = structuredClone(values);
      expect(applyOverride(values, spec).map(seriesKey)).toEqual(values.map(seriesKey));
      expect(values).toEqual(before);
    }), { numRuns: 50 });
  });

  test('a spike makes nothing cleaner and moves nothing but intensity', () => {
    fc.assert(fc.property(hour, fc.nat(2_000_000), (values, floor) => {
      const made = byKey(applyOverride(values, spike(floor)));
      for (const { kind, value, ...series } of values) {
        const now = made.get(seriesKey({ kind, ...series }))!;
        expect(kind === 'intensity' ? now >= value && now >= BigInt(floor) && now <= 2_000_000n : now === value).toBe(true);
        if (kind === 'intensity' && now < 2_000_000n) expect(now >= value * 3n && now >= value + 300_000n).toBe(true);
      }
    }), { numRuns: 100 });
  });

  test('a surplus lasts: pressed twice is pressed once', () => {
    fc.assert(fc.property(hour, (values) => {
      const once = applyOverride(values, { effect: 'surplus' });
      expect(applyOverride(once, { effect: 'surplus' })).toEqual(once);
      expect(byKey(once).get('price:')! <= -5_000_000n && byKey(once).get('curtailed:')! >= 1_000n).toBe(true);
    }), { numRuns: 100 });
  });
});
