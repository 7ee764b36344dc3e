import { describe, expect, test } from 'vitest';
import { namedPolicy } from '#domain/routing/policy';
import type { Problem } from '#platform/errors/problem';
import { toOrder, type OrderDefaults } from './to-order.ts';
import { CreateWorkload } from './workloads.schemas.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const org: OrderDefaults = { residency: 'EU', policy: { name: 'balanced' }, nowMs: NOW };
const body = (over: object = {}) => CreateWorkload.parse({ name: 'Mistral fine-tune', kind: 'fine_tune', work: { h100_seconds: 14_400 }, ...over });
const problemOf = (over: object, defaults = org): Problem => {
  try {
    toOrder(body(over), defaults);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('the order was taken');
};

test('what the order leaves open is the organisation’s', () => {
  const { spec, policy, limits, onExhausted } = toOrder(body(), { ...org, residency: 'UK', policy: { name: 'carbon' } });
  expect(spec.constraints).toEqual({ residency: 'UK' });
  expect(policy).toEqual(namedPolicy('carbon'));
  expect({ limits, onExhausted }).toEqual({ limits: null, onExhausted: 'pause' });
  expect(spec.program).toBeNull();
});

test('what the order says wins', () => {
  const { spec, policy } = toOrder(body({ constraints: { residency: 'any', zones: ['FR'] }, policy: 'cost' }), org);
  expect(spec.constraints).toEqual({ residency: 'any', zones: ['FR'] });
  expect(policy.name).toBe('cost');
});

test('an organisation’s own policy version is taken whole', () => {
  const own = { ...namedPolicy('balanced'), version: 7, thresholdE3: 400 };
  expect(toOrder(body(), { ...org, policy: own }).policy).toEqual(own);
});

test('times are stored in UTC, decimals as texts, budgets in the ledger’s integers', () => {
  const { spec, limits, onExhausted } = toOrder(body({
    schedule: { not_before: '2026-11-22T01:00:00+01:00', deadline: '2026-11-23T00:00:00Z' },
    constraints: { min_trust: 0.5, max_price_usd_per_mwh: '61.2', max_intensity_g_per_kwh: 100, max_micro_usd_per_gpu_hour: 2_400_000 },
    budget: { usd: 12.5, kwh: '1', on_exhausted: 'stop' },
  }), org);
  expect(spec.schedule).toEqual({ not_before: '2026-11-22T00:00:00.000Z', deadline: '2026-11-23T00:00:00.000Z', hard_deadline: false, flexible: true });
  expect(spec.constraints).toEqual({ min_trust: '0.5', max_price_usd_per_mwh: '61.2', max_intensity_g_per_kwh: '100', max_micro_usd_per_gpu_hour: '2400000', residency: 'EU' });
  expect({ limits, onExhausted }).toEqual({ limits: { micro_usd: '12500000', mj: '3600000000' }, onExhausted: 'stop' });
});

test('the stored order is plain JSON: reading it back gives the same', () => {
  const { spec } = toOrder(body({ program: { image: 'registry.example/app:1', command: ['train'] }, resources: { gpu_model: 'h100-sxm-80' } }), org);
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
});

describe('refused by its meaning (W-58, W-83)', () => {
  test.each([
    [{ w_c: 0.5, w_p: 0.3, w_u: 0.1 }], [{ w_c: 0.3333, w_p: 0.3333, w_u: 0.3334 }], [{ w_c: 1.5, w_p: -0.5, w_u: 0 }],
  ])('weights %j are bad-weights', (policy) => {
    expect(problemOf({ policy })).toMatchObject({ code: 'bad-weights', status: 422 });
  });

  test('weights of 0.5, 0.3 and 0.2 are a policy', () => {
    expect(toOrder(body({ policy: { w_c: 0.5, w_p: 0.3, w_u: 0.2 } }), org).policy.weights).toEqual({ carbon: 500, price: 300, utilisation: 200 });
  });

  test.each([['2026-11-22T12:00:00Z', '2026-11-22T12:00:00Z'], ['2026-11-23T00:00:00Z', '2026-11-22T00:00:00Z']])('a start at %s does not fit an end at %s', (not_before, deadline) => {
    expect(problemOf({ schedule: { not_before, deadline } }).code).toBe('bad-schedule');
  });

  test('a deadline may lie exactly 30 days ahead, and no later', () => {
    const ahead = (ms: number) => ({ schedule: { deadline: new Date(NOW + 30 * 86_400_000 + ms).toISOString() } });
    expect(toOrder(body(ahead(0)), org).spec.schedule.deadline).toBe('2026-12-21T12:00:00.000Z');
    expect(problemOf(ahead(1))).toMatchObject({ code: 'invalid-request', members: { errors: [{ pointer: '/schedule/deadline' }] } });
  });
});
