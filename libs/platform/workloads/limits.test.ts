import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toLimits } from './limits.ts';

test.each([
  [{ usd: '1234.5' }, { micro_usd: '1234500000' }],
  [{ usd: '0.000001' }, { micro_usd: '1' }],
  // 1 kWh = 3.6 MJ at the meter; the smallest step, 10⁻⁸ kWh, is exactly 36 mJ (P-2).
  [{ kwh: '1' }, { mj: '3600000000' }],
  [{ kwh: '0.00000001' }, { mj: '36' }],
  [{ co2e_g: '500' }, { ng: '500000000000' }],
  [{ co2e_g: '0.000000001' }, { ng: '1' }],
  [{ usd: '2', kwh: '0.5', co2e_g: '1.5' }, { micro_usd: '2000000', mj: '1800000000', ng: '1500000000' }],
  [{}, {}],
])('%j is %j in the ledger’s integers', (input, limits) => {
  expect(toLimits(input)).toEqual(limits);
});

test.each([{ usd: '1.0000001' }, { kwh: '0.000000001' }, { co2e_g: '1.0000000001' }, { usd: '1e3' }, { usd: '' }])('%j is finer than the ledger or no decimal', (input) => {
  expect(() => toLimits(input)).toThrow(RangeError);
});

test('twice the kilowatt-hours are twice the millijoules, whatever the figure', () => {
  fc.assert(fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n }), (steps) => {
    const text = (n: bigint) => `${n / 10n ** 8n}.${(n % 10n ** 8n).toString().padStart(8, '0')}`;
    expect(BigInt(toLimits({ kwh: text(2n * steps) }).mj!)).toBe(2n * BigInt(toLimits({ kwh: text(steps) }).mj!));
  }));
});
