import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUDGET_UNITS, budgetLevel, LEDGER_NAMES, ownLevel, reservationFor, type BudgetAmounts, type BudgetUnit } from './budget.ts';
import { cutByInterval, holesOf, type Span } from './gaps.ts';
import { workloadPowerW } from './power.ts';
import { embodiedOf, grossCompute } from './usage.ts';
import { GPUS } from '../fleet/gpus.ts';
import { UTILISATION_E3 } from '../fleet/power.ts';
import type { WorkKind } from '../routing/words.ts';

const amount = fc.bigInt(0n, 10n ** 30n);
const amounts: fc.Arbitrary<BudgetAmounts> = fc.record({ usd: amount, kwh: amount, co2e_g: amount });
const ORDER = ['below', 'alert', 'exhausted'] as const;

describe('W-95: levels to the unit', () => {
  test('the alert begins at the first unit that is 80 %, the end at the limit itself', () => {
    fc.assert(fc.property(fc.bigInt(10n, 10n ** 30n), (limit) => {
      const eighty = (limit * 4n + 4n) / 5n;
      expect([0n, eighty - 1n, eighty, limit - 1n, limit, limit + 1n].map((used) => budgetLevel(used, limit))).toEqual(['below', 'below', 'alert', 'alert', 'exhausted', 'exhausted']);
    }));
  });

  test('what used more is never better off, what may use more never worse', () => {
    fc.assert(fc.property(amount, amount, amount, (used, limit, more) => {
      const level = (u: bigint, l: bigint) => ORDER.indexOf(budgetLevel(u, l));
      expect(level(used + more, limit)).toBeGreaterThanOrEqual(level(used, limit));
      expect(level(used, limit + more)).toBeLessThanOrEqual(level(used, limit));
    }));
  });

  test('a limit of 0 is spent before anything is used', () => expect(budgetLevel(0n, 0n)).toBe('exhausted'));

  test('of several units the worst counts, and a unit without a limit never does', () => {
    const limits = fc.record(Object.fromEntries(BUDGET_UNITS.map((unit) => [unit, fc.option(amount, { nil: undefined })])) as Record<BudgetUnit, fc.Arbitrary<bigint | undefined>>);
    fc.assert(fc.property(limits, amounts, (limit, used) => {
      const budget = Object.fromEntries(BUDGET_UNITS.flatMap((unit) => (limit[unit] === undefined ? [] : [[LEDGER_NAMES[unit], String(limit[unit])]])));
      const each = BUDGET_UNITS.flatMap((unit) => (limit[unit] === undefined ? [] : [ORDER.indexOf(budgetLevel(used[unit], limit[unit]))]));
      expect(ownLevel(budget, used)).toBe(ORDER[Math.max(0, ...each)]);
    }), { numRuns: 300 });
  });
});

describe('W-94: what is reserved', () => {
  test('is the least integer that covers 1.25 × the estimate, in each unit alone', () => {
    fc.assert(fc.property(amounts, (estimate) => {
      const reserved = reservationFor(estimate);
      for (const unit of BUDGET_UNITS) {
        expect(reserved[unit] * 4n >= estimate[unit] * 5n).toBe(true);
        expect(reserved[unit] === 0n || (reserved[unit] - 1n) * 4n < estimate[unit] * 5n).toBe(true);
        expect(reservationFor({ usd: 0n, kwh: 0n, co2e_g: 0n, [unit]: estimate[unit] })).toEqual({ usd: 0n, kwh: 0n, co2e_g: 0n, [unit]: reserved[unit] });
      }
    }));
  });

  test('work that earns at a price below 0 reserves nothing, and takes nothing from the others', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 20n), 0n), amount, (usd, kwh) => {
      const reserved = reservationFor({ usd, kwh, co2e_g: 0n });
      return reserved.usd === 0n && reserved.kwh >= kwh;
    }));
  });
});

describe('W-122: gross compute', () => {
  // W-7's prices
  test.each([2_400_000n, 3_400_000n, 2_600_000n, 2_500_000n, 1_450_000n, 2_950_000n, 2_350_000n, 400_000n, 1_050_000n, 280_000n, 1_500_000n, 200_000n, 1_000_000n, 380_000n])('at %s µUSD an hour 1, 8 and 24 hours cost exactly that often', (price) => {
    expect([1n, 8n, 24n].map((hours) => grossCompute(hours * 3_600_000n, price))).toEqual([price, 8n * price, 24n * price]);
  });

  test('is the exact product to half a µUSD, a half to the even one, and grows with time and price', () => {
    fc.assert(fc.property(fc.bigInt(0n, 10n ** 12n), fc.bigInt(0n, 10n ** 8n), (ms, price) => {
      const gross = grossCompute(ms, price) as bigint;
      const off = gross * 3_600_000n - ms * price;
      const size = (off < 0n ? -off : off) * 2n;
      expect(size < 3_600_000n || (size === 3_600_000n && gross % 2n === 0n)).toBe(true);
      expect((grossCompute(ms + 1n, price) as bigint) >= gross && (grossCompute(ms, price + 1n) as bigint) >= gross).toBe(true);
    }), { numRuns: 500 });
  });

  test.each([['constructor'], ['__proto__'], ['toString'], ['']])('W-9: a GPU called %j has no embodied figure, which is not 0, and breaks no settlement', (gpuModel) => {
    expect(embodiedOf({ gpuModel, ownerKind: 'datacenter', gpusInNode: 8, gpus: 1 }, 1_000n)).toBeNull();
  });

  test('W-9: every model of the table has one, more with more GPUs and more time', () => {
    const ms = fc.bigInt(10_000n, 10n ** 9n);
    fc.assert(fc.property(fc.constantFrom(...Object.keys(GPUS)), fc.integer({ min: 1, max: 7 }), ms, (gpuModel, gpus, time) => {
      const of = (held: number, stay: bigint) => embodiedOf({ gpuModel, ownerKind: 'datacenter', gpusInNode: 8, gpus: held }, stay)! as bigint;
      return of(gpus, time) > 0n && of(gpus + 1, time) > of(gpus, time) && of(gpus, time * 2n) > of(gpus, time);
    }));
  });
});

describe('W-8: what a workload draws', () => {
  const node = { gpus: 8, power: { version: 'pm', hostIdleW: 500, hostMaxW: 1_200, gpuIdleW: 70, gpuMaxW: 700 } };
  test.each(Object.entries(UTILISATION_E3) as [WorkKind, number][])('%s on the whole node: 1,060 W and its u of 5,740 W', (kind, u) => {
    expect(Math.abs(workloadPowerW({ ...node, gpusReserved: 0 }, 8, kind) - (1_060 + (5_740 * u) / 1_000))).toBeLessThanOrEqual(0.5);
  });

  test('a fuller node costs each of its jobs more host, never less; a claim above the node is the node', () => {
    fc.assert(fc.property(fc.constantFrom(...(Object.keys(UTILISATION_E3) as WorkKind[])), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 8 }), (kind, gpus, reserved) => {
      const watts = (gpusReserved: number) => workloadPowerW({ ...node, gpusReserved }, gpus, kind);
      expect(watts(Math.min(8, reserved + 1))).toBeGreaterThanOrEqual(watts(reserved));
      expect(watts(9)).toBe(watts(8));
      expect(watts(gpus)).toBe(watts(0));
    }));
  });
});

describe('W-24: holes', () => {
  const spans = fc.array(fc.tuple(fc.integer({ min: -100, max: 400 }), fc.integer({ min: 1, max: 120 })).map(([fromMs, ms]): Span => ({ fromMs, toMs: fromMs + ms })), { maxLength: 15 });
  const whole = fc.tuple(fc.nat(200), fc.nat(200)).map(([fromMs, ms]): Span => ({ fromMs, toMs: fromMs + ms }));

  test('each millisecond of the whole is covered or in exactly one hole, and nothing else is', () => {
    fc.assert(fc.property(whole, spans, (all, covered) => {
      const within = (ms: number, { fromMs, toMs }: Span) => fromMs <= ms && ms < toMs;
      const holes = holesOf(all, covered);
      for (let ms = -100; ms < 520; ms += 1) expect(holes.filter((hole) => within(ms, hole)).length).toBe(within(ms, all) && !covered.some((span) => within(ms, span)) ? 1 : 0);
    }), { numRuns: 40 });
  });

  test('holes stand in order, apart from each other; filled, none is left', () => {
    fc.assert(fc.property(whole, spans, (all, covered) => {
      const holes = holesOf(all, covered);
      holes.forEach(({ fromMs, toMs }, i) => expect(fromMs < toMs && (i === 0 || holes[i - 1]!.toMs < fromMs)).toBe(true));
      expect(holesOf(all, [...covered, ...holes])).toEqual([]);
      expect(holesOf(all, covered.toReversed())).toEqual(holes);
    }));
  });

  test('cut at intervals a span is the same span, each part inside one interval', () => {
    fc.assert(fc.property(whole, fc.integer({ min: 1, max: 90 }), (span, lengthMs) => {
      const parts = cutByInterval(span, lengthMs);
      parts.forEach(({ fromMs, toMs }, i) => {
        expect(fromMs).toBe(i === 0 ? span.fromMs : parts[i - 1]!.toMs);
        expect(Math.floor(fromMs / lengthMs)).toBe(Math.floor((toMs - 1) / lengthMs));
        if (i > 0) expect(fromMs % lengthMs).toBe(0);
      });
      expect(parts.at(-1)?.toMs ?? span.fromMs).toBe(span.toMs);
    }));
  });
});
