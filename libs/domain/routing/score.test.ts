import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divideHalfEven } from '#domain/quantities/round';
import { namedPolicy } from './policy.ts';
import { compareTies, EXACT_UP_TO_GPUS, meanScoreE6, neededE6, ratioHalfEven, scoreE6, scoreParts } from './score.ts';

const { balanced, carbon, cost } = { balanced: namedPolicy('balanced').weights, carbon: namedPolicy('carbon').weights, cost: namedPolicy('cost').weights };
const at = (intensity: number, price: number, reserved = 0, gpus = 8) => ({ intensityMgPerKwh: Math.round(intensity * 1_000), priceMicroUsdPerMwh: Math.round(price * 1e6), reserved, gpus });

describe('W-57, W-59: the score in millionths', () => {
  test.each([
    ['60 g, 70 USD, 2 of 8', balanced, at(60, 70, 2), 307_000],
    ['400 g, 90 USD, 0 of 8', balanced, at(400, 90), 750_000],
    ['a negative price', balanced, at(56.601, -68.083, 8), -36_328],
    ['carbon alone: 500 g is 1', carbon, at(500, 9_999, 8), 1_000_000],
    ['cost alone: 100 USD is 1', cost, at(2_000, 100, 8), 1_000_000],
    ['cost alone at the least price allowed', cost, at(0, -10_000), -100_000_000],
    ['the highest of everything', { carbon: 400, price: 400, utilisation: 200 }, at(2_000, 20_000, 8), 81_800_000],
    ['1 of 3 GPUs: 33,333.3 millionths', { carbon: 0, price: 0, utilisation: 1_000 }, at(0, 0, 1, 3), 333_333],
    ['2 of 3 GPUs rounds up', { carbon: 0, price: 0, utilisation: 1_000 }, at(0, 0, 2, 3), 666_667],
    ['half a millionth goes to even: 0.25 mg/kWh × 2 = 0.5', { carbon: 250, price: 0, utilisation: 750 }, { ...at(0, 0), intensityMgPerKwh: 1 }, 0],
    ['one and a half goes to 2', { carbon: 750, price: 0, utilisation: 250 }, { ...at(0, 0), intensityMgPerKwh: 1 }, 2],
  ])('%s', (_name, weights, inputs, expected) => {
    expect(scoreE6(weights, inputs)).toBe(expected);
    expect(scoreParts(weights, inputs).score).toBe(BigInt(expected));
  });

  test('parts stand beside the whole', () => {
    expect(scoreParts(balanced, at(60, 70, 2))).toEqual({ score: 307_000n, carbon: 72_000n, price: 210_000n, utilisation: 25_000n });
  });

  const inputs = fc.record({
    intensityMgPerKwh: fc.integer({ min: -500_000, max: 2_000_000 }), priceMicroUsdPerMwh: fc.integer({ min: -10_000_000_000, max: 20_000_000_000 }),
    gpus: fc.integer({ min: 1, max: EXACT_UP_TO_GPUS }), share: fc.double({ min: 0, max: 1, noNaN: true }),
  }).map(({ share, ...rest }) => ({ ...rest, reserved: Math.floor(share * rest.gpus) }));
  const weights = fc.tuple(fc.nat(1_000), fc.nat(1_000)).map(([a, b]) => ({ carbon: Math.min(a, b), price: Math.abs(a - b), utilisation: 1_000 - Math.max(a, b) }));

  test('doubles give what bigints give, over all that W-38 lets in', () => {
    fc.assert(fc.property(weights, inputs, (w, one) => BigInt(scoreE6(w, one)) === scoreParts(w, one).score), { numRuns: 5_000 });
  });

  test('the order does not change when intensity and its divisor change unit', () => {
    const inGrams = (w: typeof balanced, one: ReturnType<typeof at>) => {
      // W-57 as a fraction of exact integers, intensity in µg/kWh over 500,000,000 instead of mg/kWh over 500,000.
      const [c, p] = [BigInt(w.carbon) * BigInt(one.intensityMgPerKwh) * 1_000n, BigInt(w.price) * BigInt(one.priceMicroUsdPerMwh)];
      const gpus = BigInt(one.gpus);
      return divideHalfEven((c * 2n * gpus + p * 10n * gpus) + BigInt(w.utilisation) * 1_000_000_000n * BigInt(one.reserved), 1_000_000n * gpus);
    };
    fc.assert(fc.property(weights, inputs, inputs, (w, a, b) => {
      const [scores, others] = [[scoreE6(w, a), scoreE6(w, b)], [inGrams(w, a), inGrams(w, b)]];
      return Math.sign(scores[0]! - scores[1]!) === (others[0]! < others[1]! ? -1 : others[0]! > others[1]! ? 1 : 0);
    }), { numRuns: 2_000 });
  });

  test('never falls when the air gets dirtier, power dearer or the node fuller', () => {
    fc.assert(fc.property(weights, inputs, fc.nat(100_000), (w, one, more) => {
      const before = scoreE6(w, one);
      return scoreE6(w, { ...one, intensityMgPerKwh: one.intensityMgPerKwh + more }) >= before && scoreE6(w, { ...one, priceMicroUsdPerMwh: one.priceMicroUsdPerMwh + more }) >= before
        && scoreE6(w, { ...one, reserved: Math.min(one.gpus, one.reserved + 1) }) >= before;
    }));
  });
});

describe('ratioHalfEven', () => {
  test.each([[5, 2, 2], [7, 2, 4], [-5, 2, -2], [-7, 2, -4], [1, 3, 0], [2, 3, 1], [-1, 3, 0], [0, 9, 0], [9_007_199_254_740_991, 100_000, 90_071_992_547], [-9_007_199_254_740_991, 3, -3_002_399_751_580_330]])(
    '%s ÷ %s = %s', (n, d, expected) => expect(ratioHalfEven(n, d) + 0).toBe(expected));

  test('agrees with bigints up to 2⁵³', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 25_600_000 }), (n, d) => BigInt(ratioHalfEven(n, d)) === divideHalfEven(BigInt(n), BigInt(d))), { numRuns: 5_000 });
  });
});

describe('W-59: ties', () => {
  const base = { priceMicroUsdPerMwh: 70, reserved: 2, gpus: 8, trust: 900, slug: 'm' };
  test.each([
    ['lower price first', { priceMicroUsdPerMwh: 69, reserved: 8, trust: 0, slug: 'z' }],
    ['then lower use: 1 of 8', { reserved: 1, trust: 0, slug: 'z' }],
    ['use is a share: 1 of 16 before 2 of 8', { reserved: 1, gpus: 16, trust: 0, slug: 'z' }],
    ['then higher trust', { trust: 901, slug: 'z' }],
    ['then the slug', { slug: 'a' }],
  ])('%s', (_name, over) => {
    expect(compareTies({ ...base, ...over }, base)).toBeLessThan(0);
    expect(compareTies(base, { ...base, ...over })).toBeGreaterThan(0);
  });

  test('2 of 8 and 1 of 4 are equal use', () => expect(compareTies({ ...base, reserved: 1, gpus: 4 }, base)).toBe(0));
});

describe('W-69, W-73: what is needed', () => {
  test.each([
    ['0.400 at 25 %', 400_000n, 250, 100_000n], ['−0.02: the floor', -20_000n, 250, 20_000n], ['0', 0n, 250, 20_000n],
    ['0.08 at 25 % is the floor itself', 80_000n, 250, 20_000n], ['−1 at 25 % counts its size', -1_000_000n, 250, 250_000n], ['threshold 0', 750_000n, 0, 20_000n],
  ])('%s', (_name, current, threshold, needed) => expect(neededE6(current, threshold)).toBe(needed));

  test.each([
    ['0.400 → 0.300 moves (exactly 25 %)', 400_000n, 300_000n, true], ['0.400 → 0.301 keeps', 400_000n, 301_000n, false],
    ['−0.02 → −0.05 moves (0.03 ≥ 0.02)', -20_000n, -50_000n, true], ['−0.02 → −0.039999 keeps', -20_000n, -39_999n, false],
  ])('%s', (_name, current, next, moves) => expect(current - next >= neededE6(current, 250)).toBe(moves));
});

describe('W-69: means over the window', () => {
  test('three hours of 300, 600 and 900 g are 600 g, rounded once', () => {
    const sums = { intensity: 1_800_000n, price: 210_000_000n, hours: 3 };
    expect(meanScoreE6(balanced, sums, { reserved: 2, gpus: 8 })).toBe(BigInt(scoreE6(balanced, at(600, 70, 2))));
  });

  test('one hour is the score itself', () => {
    fc.assert(fc.property(fc.nat(2_000_000), fc.nat(1_000_000_000), fc.integer({ min: 0, max: 8 }), (intensity, price, reserved) =>
      meanScoreE6(balanced, { intensity: BigInt(intensity), price: BigInt(price), hours: 1 }, { reserved, gpus: 8 })
        === scoreParts(balanced, { intensityMgPerKwh: intensity, priceMicroUsdPerMwh: price, reserved, gpus: 8 }).score));
  });
});
