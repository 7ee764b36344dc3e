import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measureResponse, type EventResponse, type MeteredPower, type ResponseInput } from './response.ts';

const OPENED = Date.parse('2026-11-21T12:00:00Z');
const KW = 1_000_000n;

/** Reports of 10 s from `from` to `to` seconds around the opening, at a constant power. */
const reports = (nodeId: string, fromS: number, toS: number, kw: number, grade: MeteredPower['grade'] = 'modelled'): MeteredPower[] =>
  Array.from({ length: (toS - fromS) / 10 }, (_, n) => ({ nodeId, startMs: OPENED + (fromS + n * 10) * 1_000, endMs: OPENED + (fromS + n * 10 + 10) * 1_000, powerMw: BigInt(kw * 1_000) * 1_000n, grade }));

const input = (over: Partial<ResponseInput>): ResponseInput =>
  ({ reports: [], openedAtMs: OPENED, closedAtMs: OPENED + 60_000, measuredUntilMs: OPENED + 120_000, targetMw: null, reversed: false, stepMs: 10_000, timeScale: 1, ...over });
const measured = (over: Partial<ResponseInput>): EventResponse => {
  const found = measureResponse(input(over));
  if (!('response' in found)) throw new Error('the response is unknown');
  return found.response;
};

describe('W-106: the response is baseline − metered power', () => {
  test('a zone that goes from 10 kW to 4 kW after 20 s', () => {
    const power = [...reports('n', -60, 20, 10), ...reports('n', 20, 60, 4), ...reports('n', 60, 80, 12), ...reports('n', 80, 120, 10)];
    expect(measured({ reports: power, targetMw: 8n * KW })).toMatchObject({
      baseline_kw: '10', peak_kw: '6',
      // 0, 0, 6, 6, 6, 6 kW
      mean_kw: '4', steps: [0, 0, 6, 6, 6, 6].map((kw, n) => ({ at: new Date(OPENED + n * 10_000).toISOString(), kw: String(kw) })),
      // 24 kW × 10 s = 240 kJ
      energy_mj: '240000000',
      // 10 % of the target of 8 kW are reached in the third step; 90 %, which are 7.2 kW, never
      time_to_first_ms: 30_000, time_to_90_percent_ms: null, share_of_target: '0.5',
      // 2 kW above the baseline for 20 s after the close
      rebound_mj: '40000000', grade: 'modelled',
    });
  });

  test('without a target the times are those of the peak', () => {
    const power = [...reports('n', -60, 10, 10), ...reports('n', 10, 20, 9), ...reports('n', 20, 60, 5)];
    expect(measured({ reports: power })).toMatchObject({ time_to_first_ms: 20_000, time_to_90_percent_ms: 30_000, share_of_target: null });
  });

  test('absorb counts what was added', () => {
    const power = [...reports('n', -60, 0, 2), ...reports('n', 0, 60, 5), ...reports('n', 60, 120, 1)];
    expect(measured({ reports: power, reversed: true })).toMatchObject({ peak_kw: '3', mean_kw: '3', energy_mj: '180000000', rebound_mj: '60000000' });
  });

  test('nodes add up, and each needs three reports in the 15 minutes before', () => {
    const both = [...reports('a', -60, 0, 10), ...reports('a', 0, 60, 6), ...reports('b', -60, 0, 4), ...reports('b', 0, 60, 1)];
    expect(measured({ reports: both })).toMatchObject({ baseline_kw: '14', mean_kw: '7' });
    const young = [...reports('a', -60, 0, 10), ...reports('a', 0, 60, 6), ...reports('b', -20, 0, 4), ...reports('b', 0, 60, 1)];
    expect(measured({ reports: young })).toMatchObject({ baseline_kw: '10', mean_kw: '4' });
  });

  test('reports of more than 15 minutes before are no baseline', () => {
    const old = [...reports('n', -1_500, -1_000, 50), ...reports('n', -60, 0, 10), ...reports('n', 0, 60, 10)];
    expect(measured({ reports: old })).toMatchObject({ baseline_kw: '10', mean_kw: '0' });
  });

  test('a step that lacks a node is left out, never counted as 0', () => {
    const gap = [...reports('a', -60, 60, 10), ...reports('b', -60, 20, 10), ...reports('b', 40, 60, 4)];
    const { steps } = measured({ reports: gap });
    expect(steps.map(({ kw }) => kw)).toEqual(['0', '0', '6', '6']);
  });

  test('the range is what another baseline of the same 15 minutes would have made of it', () => {
    const power = [...reports('n', -60, -30, 9), ...reports('n', -30, 0, 11), ...reports('n', 0, 60, 4)];
    expect(measured({ reports: power })).toMatchObject({ baseline_kw: '10', mean_kw: '6', range: { mean_kw_low: '5', mean_kw_high: '7' } });
  });

  test('energy is in node time where nodes run faster than the wall', () => {
    const power = [...reports('n', -60, 0, 10), ...reports('n', 0, 60, 9)];
    expect(measured({ reports: power, timeScale: 12 }).energy_mj).toBe('720000000');
  });

  test.each<[string, MeteredPower[]]>([
    ['no reports at all', []],
    ['two reports before', [...reports('n', -20, 0, 10), ...reports('n', 0, 60, 1)]],
    ['none during the event', reports('n', -60, 0, 10)],
  ])('%s: unknown, not 0', (_, given) => expect(measureResponse(input({ reports: given }))).toEqual({ unknown: 'no_reports' }));

  test.each<[MeteredPower['grade'], MeteredPower['grade'], MeteredPower['grade']]>([
    ['measured', 'measured', 'measured'], ['measured', 'modelled', 'modelled'], ['modelled', 'estimated', 'estimated'],
  ])('%s and %s reports: grade %s', (a, b, grade) => {
    expect(measured({ reports: [...reports('a', -60, 60, 1, a), ...reports('b', -60, 60, 1, b)] }).grade).toBe(grade);
  });
});

test('power that does not change is no response, at any level and length', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 2, max: 60 }), fc.boolean(), (kw, steps, reversed) => {
    const found = measured({ reports: reports('n', -60, steps * 10, kw), closedAtMs: OPENED + steps * 10_000, measuredUntilMs: OPENED + steps * 10_000, reversed });
    expect(found).toMatchObject({ peak_kw: '0', mean_kw: '0', energy_mj: '0', rebound_mj: '0', time_to_first_ms: null, time_to_90_percent_ms: null });
  }));
});

test('mean × time is energy, to the millijoule of rounding', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 }), (levels) => {
    const during = levels.flatMap((kw, n) => reports('n', n * 10, n * 10 + 10, kw));
    const closedAtMs = OPENED + levels.length * 10_000;
    const { energy_mj } = measured({ reports: [...reports('n', -60, 0, 20), ...during], closedAtMs, measuredUntilMs: closedAtMs });
    expect(BigInt(energy_mj)).toBe(levels.reduce((sum, kw) => sum + BigInt(20 - kw) * 10_000_000n, 0n));
  }));
});
