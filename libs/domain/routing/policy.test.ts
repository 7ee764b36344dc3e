import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { impliedCarbonPriceMicroUsdPerTonne, namedPolicy, parsePolicy } from './policy.ts';

describe('W-58: policies', () => {
  test.each([['balanced', 600, 300, 100], ['carbon', 1_000, 0, 0], ['cost', 0, 1_000, 0]] as const)('%s', (name, carbon, price, utilisation) => {
    expect(parsePolicy(name)).toEqual({ policy: {
      name, version: 1, weights: { carbon, price, utilisation }, basis: 'average_lifecycle', thresholdE3: 250, maxMoves: 5, comparisonWindowH: 3, waitMinSavingE3: 50,
    } });
  });

  test('values that somebody set stand', () => {
    expect(namedPolicy('balanced', { version: 7, maxMoves: 0, basis: 'marginal' })).toMatchObject({ version: 7, maxMoves: 0, basis: 'marginal', thresholdE3: 250 });
  });

  test.each([
    ['halves and fifths', { w_c: 0.5, w_p: 0.3, w_u: 0.2 }, [500, 300, 200]],
    ['0.1 + 0.2 + 0.7, which floats do not sum to 1', { w_c: 0.1, w_p: 0.2, w_u: 0.7 }, [100, 200, 700]],
    ['all on one', { w_c: 0, w_p: 0, w_u: 1 }, [0, 0, 1_000]],
    ['thousandths', { w_c: 0.333, w_p: 0.333, w_u: 0.334 }, [333, 333, 334]],
  ])('custom: %s', (_name, input, [carbon, price, utilisation]) => {
    expect(parsePolicy(input)).toMatchObject({ policy: { name: 'custom', weights: { carbon, price, utilisation } } });
  });

  test.each([
    ['a sum of 0.9', { w_c: 0.5, w_p: 0.3, w_u: 0.1 }, 'w_c + w_p + w_u must be 1, they are 0.9'],
    ['a sum of 1.001', { w_c: 0.5, w_p: 0.3, w_u: 0.201 }, 'w_c + w_p + w_u must be 1, they are 1.001'],
    ['four decimals', { w_c: 0.3333, w_p: 0.3333, w_u: 0.3334 }, 'at most 3 decimals'],
    ['a negative weight', { w_c: 1.5, w_p: -0.5, w_u: 0 }, '0 to 1'],
    ['a tiny weight in exponent form', { w_c: 1e-7, w_p: 0.5, w_u: 0.5 }, 'at most 3 decimals'],
    ['not a number', { w_c: Number.NaN, w_p: 0.5, w_u: 0.5 }, '0 to 1'],
    ['for ever', { w_c: Infinity, w_p: 0, w_u: 0 }, '0 to 1'],
  ])('%s is bad-weights and says what to do', (_name, input, detail) => {
    expect(parsePolicy(input)).toEqual({ error: 'bad-weights', detail: expect.stringContaining(detail) });
  });

  test('any three thousandths that sum to 1 are taken, whatever floats make of them', () => {
    fc.assert(fc.property(fc.nat(1_000), fc.nat(1_000), (a, b) => {
      const [carbon, price] = [Math.min(a, b), Math.abs(a - b)];
      const utilisation = 1_000 - carbon - price;
      const parsed = parsePolicy({ w_c: carbon / 1_000, w_p: price / 1_000, w_u: utilisation / 1_000 });
      expect(parsed).toMatchObject({ policy: { weights: { carbon, price, utilisation } } });
    }));
  });
});

describe('W-60: the implied carbon price', () => {
  test.each([['balanced', 400_000_000], ['cost', 0], ['carbon', null]] as const)('%s: %s µUSD/t', (name, expected) => {
    expect(impliedCarbonPriceMicroUsdPerTonne(namedPolicy(name).weights)).toBe(expected);
  });

  test('0.2 to 0.3 is 133.333333 USD/t', () => expect(impliedCarbonPriceMicroUsdPerTonne({ carbon: 200, price: 300, utilisation: 500 })).toBe(133_333_333));
});
