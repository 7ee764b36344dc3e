import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FACTORS_2026_1, FUELS, mixIntensity } from './factors.ts';

describe('W-46: emission factors', () => {
  test.each([
    ['nuclear', 12, 0], ['hydro', 24, 0], ['wind', 11, 0], ['solar', 45, 0], ['biomass', 230, 0],
    ['geothermal', 38, 0], ['coal', 820, 760], ['gas', 490, 370], ['oil', 650, 406], ['other', 650, 406],
  ] as const)('%s: %s over the life cycle, %s at the stack', (fuel, lifecycle, direct) => {
    expect(FACTORS_2026_1.lifecycle[fuel]).toBe(lifecycle);
    expect(FACTORS_2026_1.direct[fuel]).toBe(direct);
  });

  test('one megawatt of gas and three of wind: (490 + 33) ÷ 4', () => {
    expect(mixIntensity({ gas: 1, wind: 3 }, FACTORS_2026_1.lifecycle)).toBe(130.75);
  });

  test('nothing produced is 0, not a division by 0', () => expect(mixIntensity({}, FACTORS_2026_1.lifecycle)).toBe(0));

  test('a mix lies between its cleanest and its dirtiest part, whatever the unit of power', () => {
    const power = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...FUELS), power, { minKeys: 1 }), (mix) => {
        const value = mixIntensity(mix, FACTORS_2026_1.lifecycle);
        const parts = Object.keys(mix).map((fuel) => FACTORS_2026_1.lifecycle[fuel as (typeof FUELS)[number]]);
        const inKw = mixIntensity(Object.fromEntries(Object.entries(mix).map(([fuel, mw]) => [fuel, mw * 1_000])), FACTORS_2026_1.lifecycle);
        return value >= Math.min(...parts) - 1e-9 && value <= Math.max(...parts) + 1e-9 && Math.abs(inKw - value) < 1e-9;
      }),
    );
  });

  test('fossil fuels emit more over their life than at the stack', () => {
    for (const fuel of FUELS) expect(FACTORS_2026_1.lifecycle[fuel]).toBeGreaterThan(FACTORS_2026_1.direct[fuel]);
  });
});
