import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embodiedShare } from './embodied.ts';

const YEARS_3_MS = 94_608_000_000n;
const KG = 1_000_000_000_000n;

describe('W-9: embodied share', () => {
  test.each([
    ['a whole 8-GPU H100 node for its whole life: 8 × 164 + 5,700 kg', 164, 5_700, { used: 8, inNode: 8 }, YEARS_3_MS, 7_012n * KG],
    ['one GPU of it: 164 + 712.5 kg', 164, 5_700, { used: 1, inNode: 8 }, YEARS_3_MS, 876_500_000_000_000n],
    ['one hour of one GPU: 876.5 kg × 3,600 ÷ 94,608,000', 164, 5_700, { used: 1, inNode: 8 }, 3_600_000n, 33_352_359_209n],
    ['no time', 164, 5_700, { used: 8, inNode: 8 }, 0n, 0n],
  ])('%s', (_name, gpuKg, hostKg, gpus, ms, ng) => expect(embodiedShare(gpuKg, hostKg, gpus, ms).value).toBe(ng));

  test('the range is ± 40 % and the grade says estimated', () => {
    expect(embodiedShare(100, 0, { used: 1, inNode: 1 }, YEARS_3_MS)).toEqual({ value: 100n * KG, low: 60n * KG, high: 140n * KG, grade: 'estimated' });
  });

  test('splitting a period changes nothing but the rounding', () => {
    const ms = fc.bigInt(0n, 10n ** 10n);
    fc.assert(fc.property(ms, ms, fc.integer({ min: 1, max: 8 }), (a, b, used) => {
      const share = (time: bigint) => embodiedShare(164, 5_700, { used, inNode: 8 }, time).value;
      const off = share(a) + share(b) - share(a + b);
      return off >= -1n && off <= 1n;
    }));
  });
});
