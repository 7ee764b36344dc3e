import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTies, EXACT_UP_TO_GPUS, meanScoreE6, neededE6, scoreE6, scoreParts, type ScoreInputs, type TieBreak } from './score.ts';
import type { Weights } from './policy.ts';

/** W-57 in schoolbook fractions: every term on its own, one common denominator, rounded by hand. */
interface Fraction { readonly n: bigint; readonly d: bigint }
const plus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });
const over = (n: number | bigint, d: number | bigint): Fraction => ({ n: BigInt(n), d: BigInt(d) });
const less = (a: Fraction, b: Fraction): boolean => a.n * b.d < b.n * a.d;

/** The nearest whole number, and of two equally near ones the even one: looked for, not computed. */
function nearestEven(x: Fraction): bigint {
  const about = x.n / x.d;
  const away = (k: bigint): Fraction => { const gap = x.n - k * x.d; return { n: gap < 0n ? -gap : gap, d: x.d }; };
  return [about - 1n, about, about + 1n].reduce((best, k) => (less(away(k), away(best)) || (!less(away(best), away(k)) && k % 2n === 0n) ? k : best));
}

const terms = (w: Weights, one: ScoreInputs) => ({
  carbon: times(over(w.carbon, 1_000), times(over(one.intensityMgPerKwh, 1_000), over(1, 500))),
  price: times(over(w.price, 1_000), times(over(one.priceMicroUsdPerMwh, 1_000_000), over(1, 100))),
  utilisation: times(over(w.utilisation, 1_000), over(one.reserved, one.gpus)),
});
const millionths = (x: Fraction): bigint => nearestEven(times(x, over(1_000_000, 1)));
const whole = (w: Weights, one: ScoreInputs): Fraction => { const { carbon, price, utilisation } = terms(w, one); return plus(plus(carbon, price), utilisation); };

const weights = fc.tuple(fc.nat(1_000), fc.nat(1_000)).map(([a, b]): Weights => ({ carbon: Math.min(a, b), price: Math.abs(a - b), utilisation: 1_000 - Math.max(a, b) }));
const inputs = fc.record({
  // Small numbers make ties and halves, wide ones the ends of what W-38 lets in; the marginal intensity may be below 0.
  intensityMgPerKwh: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -500_000, max: 2_000_000 })),
  priceMicroUsdPerMwh: fc.oneof(fc.integer({ min: -5, max: 5 }).map((n) => n * 50_000), fc.integer({ min: -10_000_000_000, max: 20_000_000_000 })),
  gpus: fc.constantFrom(1, 2, 3, 4, 7, 8, 16, EXACT_UP_TO_GPUS), share: fc.nat(16),
}).map(({ share, ...rest }): ScoreInputs => ({ ...rest, reserved: share % (rest.gpus + 1) }));

describe('W-57 against fractions', () => {
  test('the score is rounded once from the whole, to the nearest millionth and to even', () => {
    fc.assert(fc.property(weights, inputs, (w, one) => { expect(BigInt(scoreE6(w, one))).toBe(millionths(whole(w, one))); }), { numRuns: 1_500 });
  });

  test('the parts for show are each rounded on their own, so they are within two millionths of the score', () => {
    fc.assert(fc.property(weights, inputs, (w, one) => {
      const { carbon, price, utilisation, score } = scoreParts(w, one);
      const expected = terms(w, one);
      expect([carbon, price, utilisation]).toEqual([millionths(expected.carbon), millionths(expected.price), millionths(expected.utilisation)]);
      const off = carbon + price + utilisation - score;
      expect(off >= -2n && off <= 2n).toBe(true);
    }), { numRuns: 1_000 });
  });

  test('the mean over the window is rounded once, not the mean of rounded scores (W-69)', () => {
    fc.assert(fc.property(weights, fc.array(inputs, { minLength: 1, maxLength: 24 }), (w, [first, ...rest]) => {
      const hours = [first!, ...rest.map((one) => ({ ...one, reserved: first!.reserved, gpus: first!.gpus }))];
      const sum = (key: 'intensityMgPerKwh' | 'priceMicroUsdPerMwh') => hours.reduce((all, one) => all + BigInt(one[key]), 0n);
      const mean = times(hours.map((one) => whole(w, one)).reduce(plus), over(1, hours.length));
      expect(meanScoreE6(w, { intensity: sum('intensityMgPerKwh'), price: sum('priceMicroUsdPerMwh'), hours: hours.length }, first!)).toBe(millionths(mean));
    }), { numRuns: 300 });
  });

  test.each([
    ['500 g more', { carbon: 1_000, price: 0, utilisation: 0 }, { intensityMgPerKwh: 500_000 }], ['100 USD more', { carbon: 0, price: 1_000, utilisation: 0 }, { priceMicroUsdPerMwh: 100_000_000 }],
    ['all GPUs more', { carbon: 0, price: 0, utilisation: 1_000 }, { reserved: 8 }],
  ] as const)('%s are a whole point of its own weight, wherever one starts', (_name, w, more) => {
    fc.assert(fc.property(fc.integer({ min: -500_000, max: 500_000 }), fc.integer({ min: -10_000_000, max: 10_000_000 }), (intensityMgPerKwh, priceMicroUsdPerMwh) => {
      const from = { intensityMgPerKwh, priceMicroUsdPerMwh, reserved: 0, gpus: 8 };
      const to = { ...from, ...Object.fromEntries(Object.entries(more).map(([key, by]) => [key, from[key as keyof typeof from] + by])) };
      return Math.abs(scoreE6(w, to) - scoreE6(w, from) - 1_000_000) <= 1;
    }));
  });

  test('a price and its negative score as far from 0: nothing is clipped (W-73)', () => {
    fc.assert(fc.property(weights, fc.integer({ min: 0, max: 10_000_000_000 }), fc.integer({ min: 0, max: 500_000 }), (w, usd, g) => {
      const at = (sign: 1 | -1) => scoreE6(w, { intensityMgPerKwh: sign * g, priceMicroUsdPerMwh: sign * usd, reserved: 0, gpus: 8 });
      return at(1) + at(-1) === 0;
    }));
  });

  test('use is a share: twice the GPUs with twice as many taken score the same', () => {
    fc.assert(fc.property(weights, inputs.filter(({ gpus }) => gpus <= 128), (w, one) => scoreE6(w, one) === scoreE6(w, { ...one, reserved: one.reserved * 2, gpus: one.gpus * 2 })));
  });
});

describe('W-59: ties are settled the same way by everyone', () => {
  const row = fc.record({ priceMicroUsdPerMwh: fc.integer({ min: -1, max: 1 }), gpus: fc.constantFrom(1, 2, 4, 8), taken: fc.nat(2), trust: fc.constantFrom(0, 999, 1_000), slug: fc.constantFrom('a', 'B', 'b', 'ä', 'a-1', 'a1') })
    .map(({ taken, ...rest }): TieBreak => ({ ...rest, reserved: Math.min(taken, rest.gpus) }));

  /** The words of W-59, one rule after the other. */
  function first(rows: readonly TieBreak[]): readonly TieBreak[] {
    const keep = (of: readonly TieBreak[], by: (one: TieBreak) => Fraction) => of.filter((one) => !of.some((other) => less(by(other), by(one))));
    const byTrust = keep(keep(keep(rows, (one) => over(one.priceMicroUsdPerMwh, 1)), (one) => over(one.reserved, one.gpus)), (one) => over(-one.trust, 1));
    const slug = byTrust.map((one) => one.slug).reduce((least, one) => (one < least ? one : least));
    return byTrust.filter((one) => one.slug === slug);
  }

  test('whoever comes first by price, then use, then trust, then slug is first', () => {
    fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
      expect(first(rows)).toContainEqual([...rows].sort(compareTies)[0]);
    }), { numRuns: 1_000 });
  });

  test('it is an order: turned round it is the opposite, and it passes on', () => {
    fc.assert(fc.property(row, row, row, (a, b, c) => {
      expect(Math.sign(compareTies(a, b)) + Math.sign(compareTies(b, a))).toBe(0);
      if (compareTies(a, b) <= 0 && compareTies(b, c) <= 0) expect(compareTies(a, c)).toBeLessThanOrEqual(0);
    }), { numRuns: 1_000 });
  });

  test.each([['capital letters before small ones', 'B', 'a'], ['a hyphen before a digit', 'a-1', 'a1'], ['plain letters before accented ones', 'z', 'ä'], ['10 before 9', 'n-10', 'n-9']])('slugs go by code unit, not by a locale: %s', (_name, one, two) => {
    const at = (slug: string) => ({ priceMicroUsdPerMwh: 0, reserved: 0, gpus: 1, trust: 0, slug });
    expect(compareTies(at(one), at(two))).toBeLessThan(0);
  });
});

describe('W-69, W-73: what is needed', () => {
  const scores = fc.bigInt(-2_000_000n, 2_000_000n);
  test('the larger of the share of the size and 0.02, for any threshold', () => {
    fc.assert(fc.property(scores, fc.nat(900), (score, threshold) => {
      const share = millionths(times(over(score < 0n ? -score : score, 1_000_000), over(threshold, 1_000)));
      expect(neededE6(score, threshold)).toBe(share > 20_000n ? share : 20_000n);
      expect(neededE6(-score, threshold)).toBe(neededE6(score, threshold));
    }), { numRuns: 500 });
  });

  test('a higher threshold never asks for less, and none asks for less than 0.02', () => {
    fc.assert(fc.property(scores, fc.nat(900), fc.nat(900), (score, a, b) => neededE6(score, Math.min(a, b)) <= neededE6(score, Math.max(a, b)) && neededE6(score, a) >= 20_000n));
  });

  test.each([
    ['just where the share takes over from the floor at 25 %', 80_004n, 250, 20_001n], ['a half goes to even, down', 80_002n, 250, 20_000n], ['a half goes to even, up', 80_006n, 250, 20_002n],
    ['0.9 of a whole', 1_000_000n, 900, 900_000n], ['a thousandth of 20', 20_000_000n, 1, 20_000n], ['one more than that', 20_000_501n, 1, 20_001n],
  ])('%s', (_name, score, threshold, needed) => expect(neededE6(score, threshold)).toBe(needed));
});
