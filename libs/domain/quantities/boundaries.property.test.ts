import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDecimal, formatRounded, parseDecimal } from './decimal.ts';
import { energyCost, facilityEnergy, operationalGrams } from './energy.ts';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4, sum } from './quantities.ts';
import { divideHalfEven, splitLargestRemainder } from './round.ts';

/** What `numeric(38)` holds at most: 38 nines. */
const NINES = 10n ** 38n - 1n;
const big = fc.bigInt(-NINES, NINES);
const size = (n: bigint) => (n < 0n ? -n : n);

describe('decimals of 38 digits', () => {
  test.each<[string, number, bigint]>([
    ['9'.repeat(38), 0, NINES],
    [`-${'9'.repeat(38)}`, 0, -NINES],
    [`${'9'.repeat(32)}.${'9'.repeat(6)}`, 6, NINES],
    [`0.${'9'.repeat(38)}`, 38, NINES],
    [`-0.${'0'.repeat(37)}1`, 38, -1n],
    [`1${'0'.repeat(37)}`, 0, 10n ** 37n],
    ['0', 38, 0n],
  ])('%s with %i places', (text, places, value) => {
    expect(parseDecimal(text, places)).toBe(value);
    expect(formatDecimal(value, places)).toBe(text);
  });

  test('what is written reads back, with 0 to 38 places, and is written as short as it can be', () => {
    fc.assert(fc.property(big, fc.nat(38), (value, places) => {
      const text = formatDecimal(value, places);
      expect(parseDecimal(text, places)).toBe(value);
      expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
    }), { numRuns: 500 });
  });

  test.each(['-', '--1', '1_000', '1,5', '0x1', '1n', '∞', '١', '1 ', '1.2.3', '-.5', '1e-3', '\n1', '1\n'])('%j is no decimal', (text) => expect(() => parseDecimal(text, 6)).toThrow(RangeError));

  test('one place more than there is, is refused, also where it is a zero: nothing is cut off unseen', () => {
    fc.assert(fc.property(fc.nat(10), fc.nat(9), (places, digit) => {
      expect(() => parseDecimal(`1.${'0'.repeat(places)}${digit}`, places)).toThrow(`at most ${places} places`);
    }));
  });

  test('−0 is 0, in and out', () => {
    expect([parseDecimal('-0', 3), parseDecimal('-0.000', 3)]).toEqual([0n, 0n]);
    expect(formatRounded(-4n, 6, 3)).toBe('0');
  });

  test('shown with fewer places it is off by at most half of the last, and shown with all it is not off', () => {
    fc.assert(fc.property(big, fc.nat(12), fc.nat(12), (value, shown, more) => {
      const places = shown + more;
      const back = parseDecimal(formatRounded(value, places, shown), places);
      expect(size(back - value) * 2n <= 10n ** BigInt(more)).toBe(true);
      expect(formatRounded(value, places, places)).toBe(formatDecimal(value, places));
    }), { numRuns: 500 });
  });
});

describe('rounding of 38 digits', () => {
  test.each([
    [NINES, 1n, NINES], [NINES, 2n, (NINES + 1n) / 2n], [-NINES, 2n, -(NINES + 1n) / 2n], [NINES, NINES, 1n], [NINES - 1n, NINES, 1n], [1n, NINES, 0n], [NINES / 2n, NINES, 0n], [NINES / 2n + 1n, NINES, 1n],
  ])('%s ÷ %s = %s', (n, d, expected) => expect(divideHalfEven(n, d)).toBe(expected));

  test('the nearest integer, of two equally near ones the even one', () => {
    fc.assert(fc.property(big, fc.bigInt(1n, NINES), (n, d) => {
      const q = divideHalfEven(n, d);
      const off = size(q * d - n) * 2n;
      return off < d || (off === d && q % 2n === 0n);
    }), { numRuns: 500 });
  });

  test('exact halves go to the even side as often up as down', () => {
    const rounded = Array.from({ length: 1_000 }, (_, i) => divideHalfEven(BigInt(2 * i + 1), 2n) * 2n - BigInt(2 * i + 1));
    expect([rounded.filter((off) => off === 1n).length, rounded.filter((off) => off === -1n).length]).toEqual([500, 500]);
  });

  test.each([0n, -1n, -NINES])('a divisor of %s is refused', (d) => expect(() => divideHalfEven(1n, d)).toThrow('the divisor must be above 0'));

  test('a larger dividend never gives a smaller quotient, and whole multiples shift it', () => {
    fc.assert(fc.property(big, fc.bigInt(0n, NINES), fc.bigInt(1n, 10n ** 19n), (n, more, d) => divideHalfEven(n + more, d) >= divideHalfEven(n, d) && divideHalfEven(n + 2n * d, d) === divideHalfEven(n, d) + 2n), { numRuns: 300 });
  });
});

describe('W-25, M-33: largest remainder, one unit at a time', () => {
  /** Gives each unit left to whoever's part lies furthest below its share; ties to the lower key. */
  function reference(total: bigint, weights: readonly bigint[], keys: readonly string[]): bigint[] {
    const whole = weights.reduce((a, b) => a + b, 0n);
    const parts = weights.map((weight) => (total * weight) / whole);
    const given = new Set<number>();
    for (let left = total - parts.reduce((a, b) => a + b, 0n); left > 0n; left -= 1n) {
      let best = -1;
      for (const i of weights.keys()) {
        if (given.has(i)) continue;
        const lead = best === -1 ? 1n : ((total * weights[i]!) % whole) - ((total * weights[best]!) % whole);
        if (lead > 0n || (lead === 0n && keys[i]! < keys[best]!)) best = i;
      }
      given.add(best);
      parts[best]! += 1n;
    }
    return parts;
  }
  const weighted = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.oneof(fc.constant(0n), fc.bigInt(1n, 12n), fc.bigInt(1n, 10n ** 19n))), { selector: ([key]) => key, minLength: 1, maxLength: 10 }).filter((all) => all.some(([, weight]) => weight > 0n));

  test('the same parts, whatever is split', () => {
    fc.assert(fc.property(fc.oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, NINES)), weighted, (total, all) => {
      const [keys, weights] = [all.map(([key]) => key), all.map(([, weight]) => weight)];
      const parts = splitLargestRemainder(total, weights, keys);
      expect(parts).toEqual(reference(total, weights, keys));
      expect(sum(parts)).toBe(total);
      expect(parts.every((part, i) => part === 0n || weights[i]! > 0n)).toBe(true);
    }), { numRuns: 500 });
  });

  test('the order of the lines and the size of the weights\' unit change nobody\'s part', () => {
    fc.assert(fc.property(fc.bigInt(0n, 10n ** 12n), weighted, fc.bigInt(2n, 10n ** 9n), (total, all, unit) => {
      const split = (lines: typeof all, times: bigint) => new Map(splitLargestRemainder(total, lines.map(([, weight]) => weight * times), lines.map(([key]) => key)).map((part, i) => [lines[i]![0], part]));
      const parts = split(all, 1n);
      const others = split(all.toReversed(), unit);
      for (const [key, part] of parts) expect(others.get(key)).toBe(part);
    }), { numRuns: 200 });
  });
});

test('W-2: a line of the largest figures is exact: a year of a gigawatt at 2,000 g/kWh, 20,000 USD/MWh and PUE 5', () => {
  const year = milliJoules(10n ** 12n * 31_536_000n);
  // 8.76 TWh × 5 × 2 kg and × 20,000 USD
  expect(facilityEnergy(year, pueE4(50_000n))).toBe(157_680_000n * 10n ** 12n);
  expect(operationalGrams(year, pueE4(50_000n), mgPerKwh(2_000_000n))).toBe(87_600_000_000_000n * 10n ** 9n);
  expect(energyCost(year, pueE4(50_000n), microUsdPerMwh(20_000_000_000n))).toBe(876_000_000_000n * 10n ** 6n);
});
