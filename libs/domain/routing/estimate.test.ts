import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microUsdPerMwh } from '#domain/quantities/quantities';
import { sampleAsk, sampleForecast, sampleNode, samplePlace, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { estimate, overStretch, rentalFor, reservedByOthers, transferMs, wallMs, workPowerMw } from './estimate.ts';
import { zoneHours } from './hours.ts';

const { time } = samplePlace();
const paris = sampleNode('fr-paris-1');
const ask = sampleAsk({ gpuCount: 8, kind: 'training', remainingUnits: 8 * 3_600 });

describe('estimate', () => {
  test('an hour of a whole H100 node: 6,513 W', () => {
    // 6,513 W × 3,600 s = 23,446,800,000 mJ; × 1.15 × 60 g = 449.397 g; × 1.15 × 70 USD/MWh = 0.5242965 USD; rental 8 × 2.40 USD.
    expect(estimate(paris, ask, sampleZone('FR', 60, 70), time)).toEqual({
      energyMj: 23_446_800_000n, ng: 449_397_000_000n, energyMicroUsd: 524_296n, rentalMicroUsd: 19_200_000n, totalMicroUsd: 19_724_296n,
      durationMs: 3_600_000n, endMs: time.nowMs + 60_000,
    });
  });

  test('the second hour counts at its own forecast', () => {
    const twoHours = { ...ask, remainingUnits: 2 * ask.remainingUnits };
    const zone = sampleZone('FR', 60, 70, { forecast: sampleForecast([180], [-70]) });
    expect(estimate(paris, twoHours, zone, time)).toMatchObject({ ng: 4n * 449_397_000_000n, energyMicroUsd: 0n });
  });

  test('a negative price lowers the cost and is not clipped (W-73)', () => {
    const { energyMicroUsd, totalMicroUsd } = estimate(paris, ask, sampleZone('FR', 60, -70), time);
    expect([energyMicroUsd, totalMicroUsd]).toEqual([-524_296n, 19_200_000n - 524_296n]);
  });

  test('the adder counts (W-10)', () => {
    const node = { ...paris, energyAdderMicroUsdPerMwh: microUsdPerMwh(70_000_000n) };
    expect(estimate(node, ask, sampleZone('FR', 60, 0), time).energyMicroUsd).toBe(524_296n);
  });

  test('without a signal grams and energy money are unknown, not 0; rental and energy are known', () => {
    expect(estimate(paris, ask, sampleZone('FR', 0, 0, { signal: null }), time)).toMatchObject({
      ng: null, energyMicroUsd: null, totalMicroUsd: 19_200_000n, energyMj: 23_446_800_000n,
    });
  });

  test('a restore comes first: 20 s + 20 GB ÷ 2 GB/s at full power', () => {
    const restored = estimate(paris, { ...ask, restores: true, checkpoint: { ...ask.checkpoint, sizeGb: 20 } }, sampleZone('FR', 60, 70), time);
    expect(restored).toMatchObject({ durationMs: 3_630_000n, energyMj: 23_446_800_000n + 30n * 6_800_000n, endMs: time.nowMs + 60_500 });
  });

  test('an A100 takes twice the time of an H100 and draws for all of it', () => {
    const madrid = sampleNode('es-madrid-1');
    const { durationMs, energyMj } = estimate(madrid, ask, sampleZone('ES', 60, 70), time);
    expect([durationMs, energyMj]).toEqual([7_200_000n, workPowerMw(madrid, ask) * 7_200n]);
  });

  test('cutting the work in two changes nothing but the rounding of each part', () => {
    const hours = zoneHours(sampleZone('FR', 60, 70, { forecast: sampleForecast([10, 500, 33], [-9, 4, 200]) }))!;
    const ms = fc.bigInt(0n, 20_000_000n);
    fc.assert(fc.property(ms, ms, (a, b) => {
      const over = (fromMs: bigint, length: bigint) => overStretch(paris, hours, { powerMw: 6_513_000n, fromMs, ms: length });
      const [whole, first, second] = [over(0n, a + b), over(0n, a), over(a, b)];
      const off = (part: 'energyMj' | 'ng' | 'costMicroUsd') => first[part]! + second[part]! - whole[part]!;
      return (['energyMj', 'ng', 'costMicroUsd'] as const).every((part) => off(part) >= -1n && off(part) <= 1n);
    }));
  });
});

describe('parts of it', () => {
  test.each([[0, 20_000n], [1, 20_500n], [20, 30_000n], [2_000, 1_020_000n]])('a checkpoint of %s GB takes %s ms (W-28)', (gb, ms) => expect(transferMs(gb)).toBe(ms));

  test('rental is for node time, half-even', () => {
    expect(rentalFor(paris, sampleAsk(), 3_600_000n)).toBe(2_400_000n);
    expect(rentalFor(paris, sampleAsk({ gpuCount: 3 }), 1n)).toBe(2n);
  });

  test('wall time is node time over the scale, rounded up', () => expect(wallMs(61n, time)).toBe(2));

  test("a work's own GPUs are not others'", () => {
    const node = { ...paris, gpusReserved: 3 };
    expect(reservedByOthers(node, sampleAsk({ gpuCount: 2, current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } }))).toBe(1);
    expect(reservedByOthers(node, sampleAsk({ gpuCount: 2 }))).toBe(3);
  });

  test('the same work draws the same on its node before and after its GPUs are reserved', () => {
    const running = sampleAsk({ current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } });
    expect(workPowerMw({ ...paris, gpusReserved: 1 }, running)).toBe(workPowerMw(paris, sampleAsk()));
  });
});
