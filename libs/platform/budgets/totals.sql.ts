import { sql } from 'kysely';
import { embodiedOf, grossCompute } from '#domain/workload/usage';
import type { BudgetAmounts, WorkloadBudget } from '#domain/workload/budget';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';

export interface SpentSoFar {
  readonly name: string;
  readonly budget: WorkloadBudget | null;
  readonly onExhausted: 'pause' | 'stop';
  readonly alerted: boolean;
  readonly exhausted: boolean;
  readonly used: BudgetAmounts;
}

interface SegmentTime {
  readonly gpu_model: string;
  readonly owner_kind: 'datacenter' | 'gamer';
  readonly gpus_in_node: number;
  readonly gpus: number;
  readonly price: string;
  readonly billable: boolean;
  readonly gpu_ms: string;
}

/** Brings compute cost and embodied share up to the present moment: what ended by its GPU seconds, what runs by the clock. */
export async function accrue(em: SqlEntityManager, workloadId: string): Promise<void> {
  const segments = await rows(em, sql<SegmentTime>`
    select n.gpu_model, n.owner_kind, n.gpus as gpus_in_node, s.gpus, s.price_micro_usd_per_gpu_hour as price, s.billable,
           round(case when s.ended_at is null then extract(epoch from clock_timestamp() - s.started_at) * s.time_scale * s.gpus else s.gpu_seconds end * 1000) as gpu_ms
      from segments s join nodes n on n.id = s.node_id
     where s.workload_id = ${workloadId} and s.started_at is not null`);
  let compute = 0n;
  let embodied = 0n;
  for (const { gpu_model, owner_kind, gpus_in_node, gpus, price, billable, gpu_ms } of segments) {
    if (billable) compute += grossCompute(BigInt(gpu_ms), BigInt(price));
    embodied += embodiedOf({ gpuModel: gpu_model, ownerKind: owner_kind, gpusInNode: gpus_in_node, gpus }, BigInt(gpu_ms) / BigInt(gpus)) ?? 0n;
  }
  await rows(em, sql`update workloads set compute_micro_usd = ${compute}, embodied_ng = ${embodied} where id = ${workloadId}`);
}

/**
 * What a workload has used. Energy without a carbon figure counts at the top of its zone's published mean, + 60 % (W-41, W-95):
 * mJ × PUE × mg/kWh ÷ 3,600, up.
 */
export async function spentSoFar(em: SqlEntityManager, workloadId: string): Promise<SpentSoFar> {
  const row = await one(em, sql<{ name: string; budget: WorkloadBudget | null; on_exhausted: 'pause' | 'stop'; alerted: boolean; exhausted: boolean; usd: string; mj: string; ng: string; unknown_ng: string }>`
    select w.name, w.budget, w.on_exhausted, w.budget_alerted_at is not null as alerted, w.budget_exhausted_at is not null as exhausted,
           w.compute_micro_usd + w.energy_micro_usd as usd, w.energy_mj as mj, w.operational_ng as ng,
           (select coalesce(ceil(sum(l.energy_mj * l.pue_e4 * z.fallback_intensity_mg_per_kwh * 1.6 / 36000000)), 0)
              from energy_lines l join zones z on z.key = l.zone where l.workload_id = w.id and l.operational_ng is null) as unknown_ng
      from workloads w where w.id = ${workloadId}`);
  return {
    name: row.name, budget: row.budget, onExhausted: row.on_exhausted, alerted: row.alerted, exhausted: row.exhausted,
    used: { usd: BigInt(row.usd), kwh: BigInt(row.mj), co2e_g: BigInt(row.ng) + BigInt(row.unknown_ng) },
  };
}
