import { describe, expect, test } from 'vitest';
import { targetInWords, targetWatts, type ShedTarget } from './target.ts';

describe('watts to shed', () => {
  test.each<[ShedTarget | null, number, number]>([
    // No amount is all flexible load
    [null, 12_345, 12_345],
    [{}, 12_345, 12_345],
    [{ target_percent: 100 }, 12_345, 12_345],
    [{ target_percent: 50 }, 1_000, 500],
    // 25 % of 1,001 W is 250.25 W: rounded up, so that the target is met
    [{ target_percent: 25 }, 1_001, 251],
    [{ target_kw: '1.5' }, 99, 1_500],
    // A call in kW is what it is, however much there is
    [{ target_kw: '20' }, 5_000, 20_000],
    [{ target_kw: '0.000001' }, 5_000, 1],
    [{ target_kw: '0.001' }, 5_000, 1],
  ])('%j of %i W flexible: %i W', (target, flexibleW, watts) => expect(targetWatts(target, flexibleW)).toBe(watts));
});

test.each<[ShedTarget | null, string]>([
  [null, '100 % of flexible load'],
  [{ target_percent: 50 }, '50 % of flexible load'],
  [{ target_kw: '12.5' }, '12.5 kW'],
])('%j in words: %s', (target, words) => expect(targetInWords(target)).toBe(words));
