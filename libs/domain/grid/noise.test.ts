import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fraction, noise } from './noise.ts';

const names = fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.constantFrom('FR', 'EU', 'US-NY-NYIS'), fc.constantFrom('weather', 'price', 'fc491000'));

describe('W-47', () => {
  test('fractions lie in [0, 1) and depend on each of their names', () => {
    fc.assert(fc.property(names, fc.nat(1_000_000), ([seed, key, channel], k) => fraction(seed, key, channel, k) >= 0 && fraction(seed, key, channel, k) < 1));
    const base = fraction(1, 'FR', 'price', 7);
    expect([fraction(2, 'FR', 'price', 7), fraction(1, 'DE', 'price', 7), fraction(1, 'FR', 'demand', 7), fraction(1, 'FR', 'price', 8)]).not.toContain(base);
  });

  test('fractions are spread evenly: each tenth holds a tenth of 10,000, within a fifth', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let k = 0; k < 10_000; k += 1) tenths[Math.floor(fraction(1, 'EU', 'weather', k) * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });

  test('noise meets its fractions at whole periods', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 60 }), fc.nat(10_000), ([seed, key, channel], period, k) =>
        Math.abs(noise(seed, key, channel, period, k * period) - (2 * fraction(seed, key, channel, k) - 1)) < 1e-6,
      ),
    );
  });

  test('noise stays within ± 1 and has no jumps: a minute moves it by less than 2 × 1.5 ÷ (60 × period)', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 6, max: 60 }), fc.double({ min: 0, max: 600_000, noNaN: true }), ([seed, key, channel], period, t) => {
        const now = noise(seed, key, channel, period, t);
        const soon = noise(seed, key, channel, period, t + 1 / 60);
        return Math.abs(now) <= 1 && Math.abs(soon - now) <= 3 / (60 * period) + 1e-6;
      }),
    );
  });
});
