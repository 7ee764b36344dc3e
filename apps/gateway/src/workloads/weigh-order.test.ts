import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostClass, samplePowerModel } from '#domain/fleet/gpus';
import { mgPerKwh, microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { estimate } from '#domain/routing/estimate';
import { namedPolicy } from '#domain/routing/policy';
import { readyOf } from '#domain/routing/ready';
import type { NodeOffer, ZoneView } from '#domain/routing/types';
import type { Problem } from '#platform/errors/problem';
import { toAsk } from '#platform/workloads/ask';
import { toOrder } from './to-order.ts';
import { type ReadyInput, weighOrder } from './weigh-order.ts';
import { CreateWorkload } from './workloads.schemas.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const worst = { intensityMgPerKwh: 381_000n };

const node = (slug: string, zone: string, over: Partial<NodeOffer> = {}): NodeOffer => ({
  id: slug, slug, zone, ownerKind: 'owner_datacenter', gpuModel: 'h100-sxm-80', gpuMemoryGb: 80, gpus: 8, gpusReserved: 0, state: 'online', trust: 900, pueE4: pueE4(11_500n),
  priceMicroUsdPerGpuHour: microUsd(2_400_000n), energyAdderMicroUsdPerMwh: microUsdPerMwh(0n), power: samplePowerModel('h100-sxm-80', hostClass('owner_datacenter', 8))!, speedE3: 1_000, hardware: 'simulated', ...over,
});
const zone = (key: string, region: ZoneView['region'], grams: bigint, over: Partial<ZoneView> = {}): ZoneView => ({
  zone: key, region, forecast: null, shed: false,
  signal: { intensityMgPerKwh: mgPerKwh(grams), priceMicroUsdPerMwh: microUsdPerMwh(60_000_000n), refs: [], quality: 'final', fresh: true }, ...over,
});
const NODES = [node('fr-1', 'FR'), node('de-1', 'DE', { priceMicroUsdPerGpuHour: microUsd(2_600_000n) }), node('gb-1', 'GB', { gpuModel: 'h200-sxm-141', gpuMemoryGb: 141 })];
const ZONES = [zone('FR', 'EU', 56_000n), zone('DE', 'EU', 381_000n), zone('GB', 'UK', 237_000n)];

function input(over: object = {}, { nodes = NODES, zones = ZONES }: { nodes?: NodeOffer[]; zones?: ZoneView[] } = {}): { input: ReadyInput; limits: ReturnType<typeof toOrder>['limits'] } {
  const body = CreateWorkload.parse({ name: 'x', kind: 'fine_tune', work: { h100_seconds: 36_000 }, resources: { gpu_memory_gb: 80 }, schedule: { flexible: false }, ...over });
  const { spec, policy, limits } = toOrder(body, { residency: 'EU', policy: namedPolicy('balanced'), nowMs: NOW });
  const ask = toAsk(spec, { workloadId: 'w', orgId: 'o', homeZone: 'DE', policy, remainingUnits: spec.work.h100_seconds, restores: false, movesUsed: 0, current: null });
  return { input: { id: 'w', codeVersion: '', trigger: 'created', time: { nowMs: NOW, nodeSecondsPerSecond: 12, intervalMs: 300_000 }, nodes, zones, ask, ready: readyOf(nodes, zones) }, limits };
}
const weigh = (over: object = {}, fleet = {}) => {
  const made = input(over, fleet);
  return weighOrder(made.input, made.limits, worst);
};
const problemOf = (over: object, fleet = {}): Problem => {
  try {
    weigh(over, fleet);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('the order was not refused');
};

test('what is reserved is the estimate of the node that would be chosen', () => {
  const { input: made } = input();
  const { totalMicroUsd, energyMj, ng } = estimate(NODES[0]!, made.ask, ZONES[0]!, made.time);
  expect(weigh()).toEqual({ usd: totalMicroUsd, kwh: energyMj, co2e_g: ng });
});

test('with every GPU taken it is that of the cheapest node that could ever take it', () => {
  const full = NODES.map((one) => ({ ...one, gpusReserved: 8 }));
  // 10 h × 2.40 USD in FR are less than 10 h × 2.60 USD in DE; GB is outside the residency.
  const { usd } = weigh({}, { nodes: full });
  expect(usd).toBeGreaterThan(24_000_000n);
  expect(usd).toBeLessThan(26_000_000n);
});

test('a zone without a signal counts grams at the top of the worst zone’s range, never 0', () => {
  const dark = ZONES.map((one) => ({ ...one, signal: null }));
  const { kwh, co2e_g } = weigh({ constraints: { zones: ['FR'] } }, { zones: dark });
  // mJ × 1.15 × 381,000 mg/kWh × 1.6 ÷ 3,600 (W-2, W-41's ± 60 %).
  expect(co2e_g).toBe((kwh * 11_500n * 609_600n * 1_000_000n + 18n * 10n ** 12n) / (36n * 10n ** 12n));
});

describe('refusals, each with its numbers (W-62, W-83)', () => {
  test.each([
    [{ constraints: { zones: ['ATLANTIS', 'FR'] } }, 'unknown-zone', { unknown: ['ATLANTIS'], known: ['DE', 'FR', 'GB'] }],
    [{ constraints: { exclude_zones: ['MU'] } }, 'unknown-zone', { unknown: ['MU'] }],
    [{ resources: { gpu_model: 'h900-sxm-1' } }, 'unknown-gpu-model', {}],
    [{ resources: { gpu_memory_gb: 192 } }, 'no-node-matches', { excluded: { gpu_memory: 3 } }],
    [{ constraints: { zones: ['GB'] } }, 'no-node-matches', { excluded: { zone: 2, residency: 1 } }],
    [{ constraints: { max_micro_usd_per_gpu_hour: '1' } }, 'no-node-matches', { excluded: { price_ceiling: 2, residency: 1 } }],
    [{ schedule: { deadline: new Date(NOW + 2_000).toISOString() } }, 'deadline-too-near', { excluded: { deadline: 2, residency: 1 } }],
    [{ budget: { usd: '1' } }, 'budget-too-small', { pointer: '/budget/usd', limit_micro_usd: '1000000' }],
    [{ budget: { kwh: '0.1' } }, 'budget-too-small', { pointer: '/budget/kwh', limit_mj: '360000000' }],
    [{ budget: { co2e_g: '1' } }, 'budget-too-small', { pointer: '/budget/co2e_g', limit_ng: '1000000000' }],
  ])('%j is %s', (over, code, members) => {
    expect(problemOf(over)).toMatchObject({ code, members });
  });

  test('a deadline refusal says when the work could end: 36,000 s ÷ 12 = 50 min from now', () => {
    expect(problemOf({ schedule: { deadline: new Date(NOW + 2_000).toISOString() } }).members['earliest_end']).toBe(new Date(NOW + 3_000_000).toISOString());
  });

  test('a limit of exactly the cheapest estimate is enough', () => {
    fc.assert(fc.property(fc.integer({ min: 60, max: 1_000_000 }), (h100Seconds) => {
      const work = { work: { h100_seconds: h100Seconds } };
      const { usd } = weigh(work, { nodes: NODES.slice(0, 1) });
      const decimal = (micro: bigint) => `${micro / 1_000_000n}.${(micro % 1_000_000n).toString().padStart(6, '0')}`;
      expect(weigh({ ...work, budget: { usd: decimal(usd) } }, { nodes: NODES.slice(0, 1) }).usd).toBe(usd);
      expect(problemOf({ ...work, budget: { usd: decimal(usd - 1n) } }, { nodes: NODES.slice(0, 1) }).code).toBe('budget-too-small');
    }), { numRuns: 30 });
  });
});
