import { expect, test } from 'vitest';
import { namedPolicy } from '#domain/routing/policy';
import { toAsk, type AskFacts } from './ask.ts';
import type { WorkloadSpec } from './spec.ts';

const facts: AskFacts = {
  workloadId: 'w', orgId: 'o', homeZone: 'DE', policy: namedPolicy('balanced'), remainingUnits: 36_000, restores: false, movesUsed: 0, current: null,
};
const spec: WorkloadSpec = {
  kind: 'fine_tune', program: null, resources: { gpu_count: 2, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 },
  checkpoint: { supported: true, size_gb: 20, interval_s: 300 }, schedule: { hard_deadline: false, flexible: true },
  constraints: { residency: 'EU' }, shed_behaviour: 'move_or_pause', retries: 1, verify: false,
};

test('what was not asked for binds nothing: no member is there', () => {
  const ask = toAsk(spec, facts);
  expect(ask.constraints).toEqual({ residency: 'EU' });
  expect(ask.schedule).toEqual({ flexible: true });
  expect(ask).not.toHaveProperty('gpuModel');
});

test('rates become the books’ integers', () => {
  const { constraints } = toAsk({ ...spec, constraints: {
    residency: 'any', zones: ['FR'], exclude_zones: ['DE'], owner_kinds: ['owner_gamer'], max_micro_usd_per_gpu_hour: '2400000',
    max_price_usd_per_mwh: '61.25', max_intensity_g_per_kwh: '56.6', min_trust: '0.85',
  } }, facts);
  expect(constraints).toEqual({
    residency: 'any', zones: ['FR'], excludeZones: ['DE'], ownerKinds: ['owner_gamer'], maxMicroUsdPerGpuHour: 2_400_000n,
    maxPriceMicroUsdPerMwh: 61_250_000n, maxIntensityMgPerKwh: 56_600n, minTrust: 850,
  });
});

test('times are milliseconds, and facts pass through', () => {
  const ask = toAsk({ ...spec, resources: { ...spec.resources, gpu_model: 'h100-sxm-80' }, schedule: { ...spec.schedule, not_before: '2026-11-21T12:00:00.000Z', deadline: '2026-11-22T12:00:00.000Z' } },
    { ...facts, movesUsed: 3, current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 7 } });
  expect(ask.schedule).toEqual({ flexible: true, notBeforeMs: Date.UTC(2026, 10, 21, 12), deadlineMs: Date.UTC(2026, 10, 22, 12) });
  expect(ask).toMatchObject({ gpuModel: 'h100-sxm-80', gpuCount: 2, gpuMemoryGb: 80, movesUsed: 3, current: { nodeSlug: 'fr-paris-1' }, shedBehaviour: 'move_or_pause', remainingUnits: 36_000 });
});
