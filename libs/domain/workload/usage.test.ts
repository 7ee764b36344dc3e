import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { budgetLevel, ownLevel, reservationFor } from './budget.ts';
import { cutByInterval, holesOf, type Span } from './gaps.ts';
import { workloadPowerW } from './power.ts';
import { embodiedOf, grossCompute } from './usage.ts';

const span = (fromMs: number, toMs: number): Span => ({ fromMs, toMs });
const length = (spans: readonly Span[]) => spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);

describe('grossCompute (W-122)', () => {
  test.each([
    // one GPU hour of fr-paris-1 is 2.40 USD
    [3_600_000n, 2_400_000n, 2_400_000n],
    // 1 ms × 2,400,000 ÷ 3,600,000 = 0.667 → 1
    [1n, 2_400_000n, 1n],
    // exactly a half goes to the even one: 0.5 → 0, 1.5 → 2
    [1n, 1_800_000n, 0n],
    [3n, 1_800_000n, 2n],
    [0n, 2_400_000n, 0n],
  ])('%s GPU ms at %s µUSD an hour is %s µUSD', (ms, price, expected) => expect(grossCompute(ms, price)).toBe(expected));

  test('time that is split costs the same to half a µUSD a part', () => {
    const ms = fc.bigInt({ min: 0n, max: 10n ** 10n });
    fc.assert(fc.property(ms, ms, fc.bigInt({ min: 1n, max: 10n ** 7n }), (a, b, price) => {
      const difference = grossCompute(a, price) + grossCompute(b, price) - grossCompute(a + b, price);
      return difference >= -1n && difference <= 1n;
    }));
  });
});

describe('embodiedOf (W-9)', () => {
  test('one H100 of an 8-GPU host: (164 + 5,700 ÷ 8) kg over 3 years', () => {
    const segment = { gpuModel: 'h100-sxm-80', ownerKind: 'datacenter', gpusInNode: 8, gpus: 1 } as const;
    expect(embodiedOf(segment, 94_608_000_000n)).toBe(876_500_000_000_000n);
    expect(embodiedOf({ ...segment, gpus: 2 }, 94_608_000_000n)).toBe(2n * 876_500_000_000_000n);
  });
  test('a gamer’s card has the gamer’s host; an unknown model has no figure, which is not zero', () => {
    expect(embodiedOf({ gpuModel: 'rtx4090-24', ownerKind: 'gamer', gpusInNode: 1, gpus: 1 }, 94_608_000_000n)).toBe(455_000_000_000_000n);
    expect(embodiedOf({ gpuModel: 'x', ownerKind: 'gamer', gpusInNode: 1, gpus: 1 }, 1n)).toBeNull();
  });
});

describe('budgets (W-94, W-95)', () => {
  test.each([[79n, 'below'], [80n, 'alert'], [99n, 'alert'], [100n, 'exhausted'], [500n, 'exhausted']] as const)('%s of 100 is %s', (used, level) => expect(budgetLevel(used, 100n)).toBe(level));
  test('no limit is never reached; of several the worst counts', () => {
    const used = { usd: 90n, kwh: 100n, co2e_g: 0n };
    expect(ownLevel(null, used)).toBe('below');
    expect(ownLevel({}, used)).toBe('below');
    expect(ownLevel({ micro_usd: '100' }, used)).toBe('alert');
    expect(ownLevel({ micro_usd: '100', mj: '100' }, used)).toBe('exhausted');
    expect(ownLevel({ ng: '1' }, used)).toBe('below');
  });
  test('the reservation is the estimate × 1.25, never less, and nothing for what is expected to be gained', () => {
    expect(reservationFor({ usd: 100n, kwh: 1n, co2e_g: -5n })).toEqual({ usd: 125n, kwh: 2n, co2e_g: 0n });
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: 10n ** 30n }), (usd) => {
      const reserved = reservationFor({ usd, kwh: 0n, co2e_g: 0n }).usd;
      return reserved * 4n >= usd * 5n && (reserved - 1n) * 4n < usd * 5n;
    }));
  });
});

describe('workloadPowerW (W-8)', () => {
  const node = { gpus: 8, gpusReserved: 0, power: { version: 'pm', hostIdleW: 500, hostMaxW: 1_200, gpuIdleW: 70, gpuMaxW: 700 } };
  test('a training job on all 8 GPUs draws what the node draws: 6,513 W', () => expect(workloadPowerW(node, 8, 'training')).toBe(6_513));
  test('alone on one of 8 GPUs: 70 + 630 × 0.92 and an eighth of a host at 0.92 ÷ 8', () => {
    // 649.6 + (500 + 700 × 0.115) ÷ 8 = 649.6 + 72.56 = 722.16
    expect(workloadPowerW(node, 1, 'fine_tune')).toBe(722);
  });
});

describe('gaps (W-24)', () => {
  test.each<[string, Span[], Span[]]>([
    ['nothing reported', [], [span(10, 20)]],
    ['all reported', [span(0, 30)], []],
    ['the end is missing', [span(0, 15)], [span(15, 20)]],
    ['the start is missing', [span(12, 25)], [span(10, 12)]],
    ['a hole inside, reports out of order and overlapping', [span(16, 22), span(5, 12), span(8, 13)], [span(13, 16)]],
    ['reports of another time', [span(0, 5), span(30, 40)], [span(10, 20)]],
  ])('%s', (_name, covered, expected) => expect(holesOf(span(10, 20), covered)).toEqual(expected));

  test('holes and covered time make up the whole, and no hole is covered', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 50 })).map(([from, ms]) => span(from, from + ms)), { maxLength: 12 });
    fc.assert(fc.property(some, (covered) => {
      const holes = holesOf(span(40, 160), covered);
      const isCovered = (ms: number) => covered.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
      const counted = Array.from({ length: 120 }, (_, i) => i + 40).filter((ms) => !isCovered(ms)).length;
      return length(holes) === counted && holes.every(({ fromMs, toMs }) => fromMs < toMs && !isCovered(fromMs) && !isCovered(toMs - 1));
    }));
  });

  test('cutting at intervals keeps the time, and no part crosses one', () => {
    expect(cutByInterval(span(50, 250), 100)).toEqual([span(50, 100), span(100, 200), span(200, 250)]);
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 700 }), (from, ms, interval) => {
      const parts = cutByInterval(span(from, from + ms), interval);
      return length(parts) === ms && parts.every(({ fromMs, toMs }) => Math.floor(fromMs / interval) === Math.floor((toMs - 1) / interval));
    }));
  });
});
