import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { energyCost, facilityEnergy, operationalGrams } from './energy.ts';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4, sum } from './quantities.ts';

const energy = fc.bigInt(0n, 10n ** 15n).map(milliJoules);
const pue = fc.bigInt(10_000n, 20_000n).map(pueE4);
const intensity = fc.bigInt(0n, 1_500_000n).map(mgPerKwh);
const price = fc.bigInt(-500_000_000n, 5_000_000_000n).map(microUsdPerMwh);
const away = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);
const runs = { numRuns: 1_000 };

describe('W-2: rounded once a line', () => {
  test.each([
    // energy mJ, PUE, mg/kWh → ng: 1 mJ at 1 mg/kWh is 1/3,600 ng.
    [1_800n, 10_000n, 1n, 0n], [1_801n, 10_000n, 1n, 1n], [5_400n, 10_000n, 1n, 2n], [3_600n, 15_000n, 1n, 2n], [3_600n, 10_000n, 0n, 0n], [7_300_001n, 11_500n, 56_600n, 131_988_074n],
  ])('%s mJ × %s × %s mg/kWh = %s ng', (mj, factor, mg, ng) => expect(operationalGrams(milliJoules(mj), pueE4(factor), mgPerKwh(mg))).toBe(ng));

  test.each([
    [7_300_001n, 11_500n, 71_000_000n, 166n], [7_300_002n, 11_500n, -69_000_000n, -161n], [0n, 12_000n, 50_000_000n, 0n], [3_600_000_000n, 10_000n, 1_000_000n, 1_000n],
  ])('%s mJ × %s × %s µUSD/MWh = %s µUSD', (mj, factor, rate, cost) => expect(energyCost(milliJoules(mj), pueE4(factor), microUsdPerMwh(rate))).toBe(cost));

  test.each([[1n, 15_000n, 2n], [3n, 15_000n, 4n], [5n, 15_000n, 8n], [2n, 12_500n, 2n], [6n, 12_500n, 8n]])('a half goes to the even: %s mJ × %s', (mj, factor, facility) => {
    expect(facilityEnergy(milliJoules(mj), pueE4(factor))).toBe(facility);
  });
});

describe('what must hold for any line', () => {
  test('no energy is no gram and no cent; a grid without carbon makes none', () => {
    fc.assert(fc.property(energy, pue, intensity, price, (mj, factor, mg, rate) =>
      operationalGrams(milliJoules(0n), factor, mg) === 0n && operationalGrams(mj, factor, mgPerKwh(0n)) === 0n && energyCost(milliJoules(0n), factor, rate) === 0n), runs);
  });

  test('more energy never weighs less', () => {
    fc.assert(fc.property(energy, energy, pue, intensity, (a, b, factor, mg) => operationalGrams(milliJoules(a + b), factor, mg) >= operationalGrams(a, factor, mg)), runs);
  });

  test('a negative price gives exactly the negative line', () => {
    fc.assert(fc.property(energy, pue, price, (mj, factor, rate) => energyCost(mj, factor, microUsdPerMwh(0n - rate)) + energyCost(mj, factor, rate) === 0n), runs);
  });

  test('a line that is split is at most half a unit a part away', () => {
    const parts = fc.array(energy, { minLength: 1, maxLength: 20 });
    fc.assert(fc.property(parts, pue, intensity, price, (all, factor, mg, rate) => {
      const bound = BigInt(all.length + 1);
      const whole = milliJoules(sum(all));
      return away(sum(all.map((mj) => operationalGrams(mj, factor, mg))), operationalGrams(whole, factor, mg)) * 2n <= bound
        && away(sum(all.map((mj) => energyCost(mj, factor, rate))), energyCost(whole, factor, rate)) * 2n <= bound;
    }), runs);
  });

  test('PUE 1 is the meter itself, and facility energy never lies below it', () => {
    fc.assert(fc.property(energy, pue, (mj, factor) => facilityEnergy(mj, pueE4(10_000n)) === (mj as bigint) && (facilityEnergy(mj, factor) as bigint) >= mj), runs);
  });
});
