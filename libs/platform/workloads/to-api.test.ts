import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namedPolicy } from '#domain/routing/policy';
import { WORKLOAD_STATES } from '#domain/workload/states';
import type { WorkloadRow } from './row.ts';
import { toApiPolicy, toApiWorkload, type CurrentSignal } from './to-api.ts';

const row: WorkloadRow = {
  org_id: 'o', id: 'w', name: 'Mistral fine-tune', kind: 'fine_tune', labels: {}, policy: namedPolicy('balanced'), state: 'running', reason: null, node: 'fr-paris-1', hardware: 'simulated',
  zone: 'FR', gpus: 1, segment: 1, fence: 1, units_total: '36000', units_done: '9000', moves_used: 0, max_moves: 5, eta: '2026-11-21 13:31:18.123456+00', deadline: null, starts_by: null, exclusions: null,
  energy_mj: '1000', facility_mj: '1150', operational_ng: '400', embodied_ng: '100', energy_micro_usd: '20', compute_micro_usd: '80', grade: 'modelled', signal_quality: 'preliminary',
  budget: { micro_usd: '1234500000' }, on_exhausted: 'pause', reserved: { usd: '500' }, last_decision: null, result: null, correlation_id: 'c',
  created_at: '2026-11-21 13:00:00.1+00', updated_at: '2026-11-21 13:31:18+00',
};
const signal: CurrentSignal = { zone: 'FR', intensity: { value: '59.9', unit: 'gCO2e/kWh', quality: 'final' }, price: null, source: 'simulated', source_time: '2026-11-21T13:00:00.000Z' };
const show = (over: Partial<WorkloadRow> = {}) => toApiWorkload({ ...row, ...over }, new Map([['FR', signal]]));

test('figures are integer texts, progress integers, times RFC 3339 with milliseconds', () => {
  expect(show()).toMatchObject({
    progress: { units_done: 9_000, units_total: 36_000, percent: 25 }, eta: '2026-11-21T13:31:18.123Z', created_at: '2026-11-21T13:00:00.100Z',
    cost: { compute_micro_usd: '80', energy_micro_usd: '20', total_micro_usd: '100', reason: null }, energy: { energy_mj: '1000', facility_mj: '1150', grade: 'modelled', reason: null },
    // ± 40 % of W-9.
    carbon: { operational_ng: '400', embodied_ng: '100', basis: 'average_lifecycle', quality: 'preliminary', range: { embodied_low_ng: '60', embodied_high_ng: '140' } },
    current_signal: signal, advice: null, receipt_id: null, links: { self: '/api/v1/workloads/w', events_history: '/api/v1/workloads/w/events/history' },
  });
});

describe('unknown is not zero (W-96, M-5)', () => {
  test('work on a node without a report: energy, its cost and its grams are null, with the reason', () => {
    const shown = show({ grade: null, energy_mj: '0', facility_mj: '0', operational_ng: '0', energy_micro_usd: '0' });
    expect(shown.energy).toEqual({ energy_mj: null, facility_mj: null, grade: null, reason: 'no_report_yet' });
    expect(shown.cost).toEqual({ compute_micro_usd: '80', energy_micro_usd: null, total_micro_usd: null, reason: 'no_report_yet' });
    expect(shown.carbon).toMatchObject({ operational_ng: null, reason: 'no_report_yet' });
    expect(shown.budget['usd']).toMatchObject({ used_micro_usd: null, forecast_micro_usd: null, reason: 'no_report_yet' });
  });

  test('work that never held a node has used nothing, and that is known', () => {
    expect(show({ state: 'queued', segment: 0, node: null, grade: null, energy_mj: '0' }).energy).toEqual({ energy_mj: '0', facility_mj: '1150', grade: null, reason: null });
  });

  test('what is over is settled: its figures stand, also where no report ever came', () => {
    expect(show({ state: 'cancelled', grade: null, energy_mj: '0' }).energy.energy_mj).toBe('0');
  });
});

describe('budget, per unit (W-96, C-6)', () => {
  test('limit, reserved, used and forecast stand in the ledger’s units; no limit is null', () => {
    expect(show().budget).toEqual({
      usd: { limit_micro_usd: '1234500000', reserved_micro_usd: '500', used_micro_usd: '100', forecast_micro_usd: '400', reason: null },
      kwh: { limit_mj: null, reserved_mj: '0', used_mj: '1000', forecast_mj: '4000', reason: null },
      co2e_g: { limit_ng: null, reserved_ng: '0', used_ng: '400', forecast_ng: '1600', reason: null },
      on_exhausted: 'pause',
    });
  });

  test('without progress there is no forecast; at the end it is what was used', () => {
    expect(show({ units_done: '0' }).budget['usd']).toMatchObject({ forecast_micro_usd: null, reason: 'no_progress_yet' });
    expect(show({ state: 'completed', units_done: '36000' }).budget['usd']).toMatchObject({ used_micro_usd: '100', forecast_micro_usd: '100' });
  });
});

test('why it is queued and until when it waits stand only where they are so', () => {
  for (const state of WORKLOAD_STATES) {
    const shown = show({ state, exclusions: { capacity: 3 }, starts_by: '2026-11-21 14:00:00+00' });
    expect(shown.exclusions).toEqual(state === 'queued' ? { capacity: 3 } : null);
    expect(shown.starts_by).toBe(state === 'waiting' ? '2026-11-21T14:00:00.000Z' : null);
  }
  expect(show({ state: 'queued', exclusions: null }).exclusions).toEqual({});
});

test('a zone that nobody has heard of, and no zone, have no signal', () => {
  expect(show({ zone: 'PT' }).current_signal).toBeNull();
  expect(show({ zone: null }).current_signal).toBeNull();
});

test('percent is 100 only when all is done', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 31_536_000 }), fc.nat(), (total, seed) => {
    const done = seed % (total + 1);
    const { percent } = show({ units_total: String(total), units_done: String(done) }).progress;
    expect(percent === 100).toBe(done === total);
    expect(Math.abs(percent - (100 * done) / total)).toBeLessThanOrEqual(0.01);
  }));
});

test.each([
  ['balanced', '400'], ['carbon', null], ['cost', '0'],
] as const)('the policy %s is shown with what a tonne costs under it: %s USD (W-60)', (name, price) => {
  expect(toApiPolicy(namedPolicy(name))).toMatchObject({ name, carbon_price_usd_per_tonne: price, reroute_threshold: '0.25', comparison_window_h: 3 });
});
