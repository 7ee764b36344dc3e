import { parseDecimal } from '#domain/quantities/decimal';
import { mgPerKwh, microUsd, microUsdPerMwh } from '#domain/quantities/quantities';
import type { PolicyInForce } from '#domain/routing/policy';
import type { BudgetLeft, Constraints, Placement, WorkAsk } from '#domain/routing/types';
import type { WorkloadConstraints, WorkloadSpec } from './spec.ts';

/** What a decision needs beside the order: how far the work is and where it stands. */
export interface AskFacts {
  readonly workloadId: string;
  readonly orgId: string;
  readonly homeZone: string;
  readonly policy: PolicyInForce;
  readonly remainingUnits: number;
  readonly restores: boolean;
  readonly movesUsed: number;
  readonly current: Placement | null;
  readonly budgetLeft?: BudgetLeft;
}

/** The stored order in routing's words; used where work is quoted and where it is placed, so that both decide alike. */
export function toAsk(spec: WorkloadSpec, facts: AskFacts): WorkAsk {
  const { resources, checkpoint, schedule } = spec;
  return {
    ...facts,
    kind: spec.kind,
    ...(resources.gpu_model !== undefined && { gpuModel: resources.gpu_model }),
    gpuCount: resources.gpu_count,
    gpuMemoryGb: resources.gpu_memory_gb,
    checkpoint: { supported: checkpoint.supported, sizeGb: checkpoint.size_gb, intervalS: checkpoint.interval_s },
    schedule: {
      flexible: schedule.flexible,
      ...(schedule.not_before !== undefined && { notBeforeMs: Date.parse(schedule.not_before) }),
      ...(schedule.deadline !== undefined && { deadlineMs: Date.parse(schedule.deadline) }),
    },
    constraints: toConstraints(spec.constraints),
    shedBehaviour: spec.shed_behaviour,
  };
}

function toConstraints(given: WorkloadConstraints): Constraints {
  return {
    residency: given.residency,
    ...(given.zones && { zones: given.zones }),
    ...(given.exclude_zones && { excludeZones: given.exclude_zones }),
    ...(given.owner_kinds && { ownerKinds: given.owner_kinds }),
    ...(given.max_micro_usd_per_gpu_hour !== undefined && { maxMicroUsdPerGpuHour: microUsd(BigInt(given.max_micro_usd_per_gpu_hour)) }),
    ...(given.max_price_usd_per_mwh !== undefined && { maxPriceMicroUsdPerMwh: microUsdPerMwh(parseDecimal(given.max_price_usd_per_mwh, 6)) }),
    ...(given.max_intensity_g_per_kwh !== undefined && { maxIntensityMgPerKwh: mgPerKwh(parseDecimal(given.max_intensity_g_per_kwh, 3)) }),
    ...(given.min_trust !== undefined && { minTrust: Number(parseDecimal(given.min_trust, 3)) }),
  };
}
