import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDecimal, formatRounded, parseDecimal } from './decimal.ts';
import { energyCost, facilityEnergy, operationalGrams } from './energy.ts';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4, sum } from './quantities.ts';
import { divideHalfEven, splitLargestRemainder } from './round.ts';

describe('divideHalfEven', () => {
  test.each([
    [5n, 2n, 2n], [7n, 2n, 4n], [-5n, 2n, -2n], [-7n, 2n, -4n], [6n, 4n, 2n], [1n, 3n, 0n], [2n, 3n, 1n], [0n, 9n, 0n],
  ])('%s ÷ %s = %s', (n, d, expected) => expect(divideHalfEven(n, d)).toBe(expected));

  test('a divisor of 0 is refused', () => expect(() => divideHalfEven(1n, 0n)).toThrow(RangeError));

  test('is never more than half a unit away, and mirrors its sign', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.bigInt(1n, 10n ** 12n), (n, d) => {
        const q = divideHalfEven(n, d);
        const off = (q * d - n) * 2n;
        return (off < 0n ? -off : off) <= d && divideHalfEven(-n, d) === -q;
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('splitLargestRemainder', () => {
  test.each([
    [10n, [1n, 1n, 1n], ['a', 'b', 'c'], [4n, 3n, 3n]],
    [10n, [1n, 1n, 1n], ['c', 'b', 'a'], [3n, 3n, 4n]],
    [7n, [0n, 2n], ['a', 'b'], [0n, 7n]],
    [7n, [0n, 0n], ['a', 'b'], [0n, 0n]],
  ])('%s by %s', (total, weights, keys, expected) => expect(splitLargestRemainder(total, weights, keys)).toEqual(expected));

  test('the parts sum to the whole, and each is within one of its share', () => {
    const weights = fc.array(fc.bigInt(0n, 10n ** 9n), { minLength: 1, maxLength: 12 }).filter((all) => all.some((w) => w > 0n));
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), weights, (total, all) => {
        const keys = all.map((_, i) => `k${i}`);
        const parts = splitLargestRemainder(total, all, keys);
        const whole = sum(all);
        return sum(parts) === total && parts.every((part, i) => part >= (total * all[i]!) / whole && part <= (total * all[i]!) / whole + 1n);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('decimals', () => {
  test.each([['1.5', 6, 1_500_000n], ['0.000001', 6, 1n], ['-68.083', 3, -68_083n], ['7', 0, 7n]])('%s with %s places', (text, places, value) => {
    expect(parseDecimal(text, places)).toBe(value);
    expect(formatDecimal(value, places)).toBe(text);
  });

  test.each(['', '1.', '.5', '1e3', '+1', ' 1', '1.0000001', 'NaN'])('%j is refused', (text) => expect(() => parseDecimal(text, 6)).toThrow(RangeError));

  test('rounding for show is half to even', () => {
    expect(formatRounded(74_564_500n, 6, 3)).toBe('74.564');
    expect(formatRounded(74_565_500n, 6, 3)).toBe('74.566');
    expect(formatRounded(-500n, 6, 3)).toBe('0');
  });

  test('what is written reads back', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.nat(9), (value, places) => parseDecimal(formatDecimal(value, places), places) === value), { numRuns: 1_000 });
  });
});

describe('energy', () => {
  test('W-2: 3,600,000,000 mJ at PUE 1.000 and 56.600 g/kWh is exactly 56,600,000,000 ng', () => {
    expect(operationalGrams(milliJoules(3_600_000_000n), pueE4(10_000n), mgPerKwh(56_600n))).toBe(56_600_000_000n);
  });

  test('one MWh at PUE 1.2 and 50 USD costs 60 USD; at -50 it earns 60', () => {
    const mwh = milliJoules(3_600_000_000_000n);
    expect(energyCost(mwh, pueE4(12_000n), microUsdPerMwh(50_000_000n))).toBe(60_000_000n);
    expect(energyCost(mwh, pueE4(12_000n), microUsdPerMwh(-50_000_000n))).toBe(-60_000_000n);
  });

  test('facility energy is the meter times PUE', () => expect(facilityEnergy(milliJoules(1_001n), pueE4(11_500n))).toBe(1_151n));
});
