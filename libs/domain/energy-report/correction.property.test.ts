import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replacedEstimate } from './correction.ts';

describe('what a late report replaces (W-24)', () => {
  test.each([
    // booked, opened, stay, covered, late → replaced
    [1_000n, 400n, 60_000, 30_000, 10_000, 200n], // a third of the 30 s that are missing
    [1_000n, 400n, 60_000, 30_000, 30_000, 600n],
    [1_001n, 400n, 60_000, 30_000, 10_000, 200n], // 200.33 down
    [1_000n, 400n, 60_000, 30_000, 45_000, 600n], // reaches over the stay's end
    [400n, 400n, 60_000, 60_000, 10_000, 0n], // nothing was estimated
    [300n, 400n, 60_000, 30_000, 10_000, 0n],
    [600n, 0n, 0, 0, 10_000, 600n],
  ])('booked %d, opened %d, stay %d ms, covered %d ms, late %d ms → %d', (booked, opened, stayMs, coveredMs, lateMs, replaced) =>
    expect(replacedEstimate({ booked, opened, stayMs, coveredMs }, lateMs)).toBe(replaced));

  test('in however many batches the gap is filled, in the end exactly the reports are booked', () => {
    const late = fc.array(fc.record({ ms: fc.integer({ min: 1, max: 20_000 }), energy: fc.bigInt({ min: 0n, max: 10n ** 9n }) }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 10n }), fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.nat(60_000), late, (estimate, measured, before, reports) => {
        const stayMs = before + reports.reduce((sum, { ms }) => sum + ms, 0);
        let [booked, opened, coveredMs] = [measured + estimate, measured, before];
        for (const { ms, energy } of reports) {
          const replaced = replacedEstimate({ booked, opened, stayMs, coveredMs }, ms);
          expect(replaced).toBeGreaterThanOrEqual(0n);
          booked += energy - replaced;
          opened += energy;
          coveredMs += ms;
          expect(booked).toBeGreaterThanOrEqual(opened);
        }
        expect(booked).toBe(opened);
      }),
    );
  });
});
