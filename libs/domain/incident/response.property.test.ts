import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measureResponse, type EventResponse, type MeteredPower, type ResponseInput } from './response.ts';

const OPENED = Date.parse('2026-11-21T12:00:00Z');
const STEP_S = 10;
const CLOSED_S = 60;
const UNTIL_S = 120;
/** One node's power by second around the opening, in W; null is a second without a report. */
type Curve = ReadonlyMap<number, number | null>;

/** A node that reports every 5, 10, 15 or 20 s, with reports that got lost. */
const node = (most: number) =>
  fc.record({ every: fc.constantFrom(5, 10, 15, 20), powers: fc.array(fc.integer({ min: 0, max: most }), { minLength: 60, maxLength: 60 }), lost: fc.uniqueArray(fc.nat(59), { maxLength: 12 }) })
    .map(({ every, powers, lost }) => powers.flatMap((watts, i) => (lost.includes(i) ? [] : [{ fromS: -60 + i * every, toS: -60 + (i + 1) * every, watts }])));
const nodes = fc.array(node(20_000), { minLength: 1, maxLength: 3 });
type Report = { readonly fromS: number; readonly toS: number; readonly watts: number };

const asReports = (all: readonly (readonly Report[])[]): MeteredPower[] =>
  all.flatMap((own, n) => own.map(({ fromS, toS, watts }) => ({ nodeId: `n${n}`, startMs: OPENED + fromS * 1_000, endMs: OPENED + toS * 1_000, powerMw: BigInt(watts) * 1_000n, grade: 'measured' as const })));
const input = (reports: MeteredPower[], over: Partial<ResponseInput> = {}): ResponseInput =>
  ({ reports, openedAtMs: OPENED, closedAtMs: OPENED + CLOSED_S * 1_000, measuredUntilMs: OPENED + UNTIL_S * 1_000, targetMw: null, reversed: false, stepMs: STEP_S * 1_000, timeScale: 1, ...over });
const response = (given: ResponseInput): EventResponse | null => {
  const measured = measureResponse(given);
  return 'response' in measured ? measured.response : null;
};

const bySecond = (reports: readonly Report[]): Curve => {
  const curve = new Map<number, number | null>();
  for (const { fromS, toS, watts } of reports) for (let s = fromS; s < toS; s += 1) curve.set(s, watts);
  return curve;
};
const seconds = (curve: Curve, from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => curve.get(from + i) ?? null).filter((watts) => watts !== null);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** W-106 second by second, in watts: baseline and the response of each step in which every node was heard for half of it. */
function reference(all: readonly (readonly Report[])[]) {
  const heard = all.map((own) => ({ before: own.filter(({ toS }) => toS <= 0), curve: bySecond(own) })).filter(({ before }) => before.length >= 3);
  const baseline = heard.reduce((sum, { before }) => sum + mean(seconds(bySecond(before), -60, 0)), 0);
  const steps: { at: number; watts: number }[] = [];
  for (let at = 0; at + STEP_S <= CLOSED_S; at += STEP_S) {
    const parts = heard.map(({ curve }) => seconds(curve, at, at + STEP_S));
    if (parts.every((part) => part.length >= STEP_S / 2)) steps.push({ at, watts: baseline - parts.reduce((sum, part) => sum + mean(part), 0) });
  }
  return heard.length === 0 || steps.length === 0 ? null : { baseline, steps };
}

describe('W-106, against a count second by second', () => {
  test('the same baseline, the same steps, and what follows from them; unknown where neither can say', () => {
    fc.assert(fc.property(nodes, (all) => {
      const expected = reference(all);
      const found = response(input(asReports(all)));
      expect(found === null).toBe(expected === null);
      if (!found || !expected) return;
      expect(found.steps.map(({ at }) => (Date.parse(at) - OPENED) / 1_000)).toEqual(expected.steps.map(({ at }) => at));
      const watts = expected.steps.map((step) => step.watts);
      const near = (kw: string, w: number) => expect(Math.abs(Number(kw) * 1_000 - w)).toBeLessThanOrEqual(0.6);
      near(found.baseline_kw, expected.baseline);
      near(found.peak_kw, Math.max(...watts));
      near(found.mean_kw, mean(watts));
      found.steps.forEach(({ kw }, i) => near(kw, watts[i]!));
      // W × 10 s in mJ, each node's mean rounded to a mW
      expect(Math.abs(Number(found.energy_mj) - watts.reduce((a, b) => a + b, 0) * STEP_S * 1_000)).toBeLessThanOrEqual(STEP_S * watts.length * (all.length + 1));
    }), { numRuns: 200 });
  });

  test('`absorb` is the mirror of `shed`', () => {
    fc.assert(fc.property(nodes, (all) => {
      const [shed, absorb] = [response(input(asReports(all))), response(input(asReports(all), { reversed: true }))];
      expect(absorb === null).toBe(shed === null);
      if (!shed || !absorb) return;
      expect(BigInt(shed.energy_mj) + BigInt(absorb.energy_mj)).toBe(0n);
      expect(absorb.steps.map(({ kw }) => Number(kw) + 0)).toEqual(shed.steps.map(({ kw }) => 0 - Number(kw)));
      expect(absorb.baseline_kw).toBe(shed.baseline_kw);
    }), { numRuns: 60 });
  });

  test('rebound counts what lies above the baseline after the close, never below 0', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 6, maxLength: 6 }), (after) => {
      const flat = (fromS: number, toS: number, kw: number): Report => ({ fromS, toS, watts: kw * 1_000 });
      const own = [...[-40, -30, -20, -10, 0, 10, 20, 30, 40, 50].map((s) => flat(s, s + 10, 10)), ...after.map((kw, i) => flat(60 + i * 10, 70 + i * 10, kw))];
      const above = after.reduce((sum, kw) => sum + Math.max(0, kw - 10), 0);
      expect(response(input(asReports([own])))!.rebound_mj).toBe(String(above * 10_000_000));
    }), { numRuns: 60 });
  });

  test('a faster clock of the nodes multiplies energy and nothing else', () => {
    fc.assert(fc.property(nodes, fc.integer({ min: 2, max: 3_600 }), (all, timeScale) => {
      const [slow, fast] = [response(input(asReports(all))), response(input(asReports(all), { timeScale }))];
      if (!slow || !fast) return;
      expect(BigInt(fast.energy_mj)).toBe(BigInt(slow.energy_mj) * BigInt(timeScale));
      expect({ ...fast, energy_mj: '', rebound_mj: '' }).toEqual({ ...slow, energy_mj: '', rebound_mj: '' });
    }), { numRuns: 40 });
  });
});

describe('W-106: times run to the end of the step that reaches 10 and 90 % of the target', () => {
  const falling = (kws: readonly number[]): Report[] => [...[-30, -20, -10].map((s) => ({ fromS: s, toS: s + 10, watts: 10_000 })), ...kws.map((kw, i) => ({ fromS: i * 10, toS: i * 10 + 10, watts: 10_000 - kw * 1_000 }))];
  test.each<[string, number[], bigint | null, number | null, number | null, string | null]>([
    ['at once', [10, 10, 10, 10, 10, 10], 10n, 10_000, 10_000, '1'],
    ['exactly 10 %, exactly 90 %', [0, 1, 8, 9, 9, 9], 10n, 20_000, 40_000, '0.6'],
    ['1 W below each', [0.999, 0.999, 8.999, 8.999, 8.999, 8.999], 10n, 30_000, null, '0.633'],
    ['never', [0, 0, 0, 0, 0, 0], 10n, null, null, '0'],
    ['more load instead of less', [-1, -1, -1, -1, -1, -1], 10n, null, null, '-0.1'],
    ['no target: of the peak', [0, 0, 1, 2, 2, 2], null, 30_000, 40_000, null],
    ['no target and no response', [0, 0, 0, 0, 0, 0], null, null, null, null],
    ['twice what was asked for', [10, 10, 10, 10, 10, 10], 5n, 10_000, 10_000, '2'],
  ])('%s', (_name, kws, targetKw, first, ninety, share) => {
    const found = response(input(asReports([falling(kws)]), { targetMw: targetKw === null ? null : targetKw * 1_000_000n }))!;
    expect([found.time_to_first_ms, found.time_to_90_percent_ms, found.share_of_target]).toEqual([first, ninety, share]);
  });
});

describe('W-106: what is not known is not 0', () => {
  const every10 = (fromS: number, toS: number): Report[] => Array.from({ length: (toS - fromS) / 10 }, (_, i) => ({ fromS: fromS + i * 10, toS: fromS + i * 10 + 10, watts: 1_000 }));
  test.each<[string, Report[]]>([
    ['nothing at all', []],
    ['nothing before', every10(0, 60)],
    ['two reports before', every10(-20, 60)],
    ['three before, one of them reaching over the opening', [...every10(-30, -10), { fromS: -10, toS: 10, watts: 1_000 }, ...every10(10, 60)]],
    ['three before, none within 15 minutes', [...every10(-940, -910), ...every10(0, 60)]],
    ['nothing during', every10(-60, 0)],
    ['less than half of each step', [...every10(-60, 0), ...[0, 10, 20, 30, 40, 50].map((s) => ({ fromS: s, toS: s + 4, watts: 0 }))]],
  ])('%s', (_name, own) => expect(measureResponse(input(asReports([own])))).toEqual({ unknown: 'no_reports' }));

  test('half of a step is enough, and an event shorter than a step says nothing', () => {
    const half = [...every10(-60, 0), ...[0, 10, 20, 30, 40, 50].map((s) => ({ fromS: s, toS: s + 5, watts: 0 }))];
    expect(response(input(asReports([half])))!.mean_kw).toBe('1');
    expect(response(input(asReports([every10(-60, 60)]), { closedAtMs: OPENED + 9_999 }))).toBeNull();
  });
});
