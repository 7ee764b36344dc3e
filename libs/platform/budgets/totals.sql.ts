import { sql } from 'kysely';
import { embodiedOf, grossCompute } from '#domain/workload/usage';
import type { BudgetAmounts, WorkloadBudget } from '#domain/workload/budget';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

export interface SpentSoFar {
  readonly workloadId: string;
  readonly name: string;
  readonly budget: WorkloadBudget | null;
  readonly onExhausted: 'pause' | 'stop';
  readonly alerted: boolean;
  readonly exhausted: boolean;
  readonly used: BudgetAmounts;
  /** Accepted under a budget of the organisation. */
  readonly isReserved: boolean;
}

interface SegmentTime {
  readonly workload_id: string;
  readonly gpu_model: string;
  readonly owner_kind: 'datacenter' | 'gamer';
  readonly gpus_in_node: number;
  readonly gpus: number;
  readonly price: string;
  readonly billable: boolean;
  readonly gpu_ms: string;
}

/** Brings compute cost and embodied share up to the present moment: what ended by its GPU seconds, what runs by the clock. */
export async function accrue(em: SqlEntityManager, workloadIds: readonly string[]): Promise<void> {
  const segments = await rows(em, sql<SegmentTime>`
    select s.workload_id, n.gpu_model, n.owner_kind, n.gpus as gpus_in_node, s.gpus, s.price_micro_usd_per_gpu_hour as price, s.billable,
           round(case when s.ended_at is null then extract(epoch from clock_timestamp() - s.started_at) * s.time_scale * s.gpus else s.gpu_seconds end * 1000) as gpu_ms
      from segments s join nodes n on n.id = s.node_id
     where s.workload_id = any(${[...workloadIds]}::uuid[]) and s.started_at is not null`);
  const own = Map.groupBy(segments, ({ workload_id }) => workload_id);
  const sums = workloadIds.map((id) => sumOf(own.get(id) ?? []));
  await rows(em, sql`
    update workloads w set compute_micro_usd = t.compute, embodied_ng = t.embodied
      from unnest(${[...workloadIds]}::uuid[], ${sums.map(({ compute }) => compute.toString())}::numeric[], ${sums.map(({ embodied }) => embodied.toString())}::numeric[]) as t (id, compute, embodied)
     where w.id = t.id and (w.compute_micro_usd, w.embodied_ng) is distinct from (t.compute, t.embodied)`);
}

function sumOf(segments: readonly SegmentTime[]): { compute: bigint; embodied: bigint } {
  let compute = 0n;
  let embodied = 0n;
  for (const { gpu_model, owner_kind, gpus_in_node, gpus, price, billable, gpu_ms } of segments) {
    if (billable) compute += grossCompute(BigInt(gpu_ms), BigInt(price));
    embodied += embodiedOf({ gpuModel: gpu_model, ownerKind: owner_kind, gpusInNode: gpus_in_node, gpus }, BigInt(gpu_ms) / BigInt(gpus)) ?? 0n;
  }
  return { compute, embodied };
}

interface SpentRow {
  readonly id: string;
  readonly name: string;
  readonly budget: WorkloadBudget | null;
  readonly on_exhausted: 'pause' | 'stop';
  readonly alerted: boolean;
  readonly exhausted: boolean;
  readonly reserved: boolean;
  readonly usd: string;
  readonly mj: string;
  readonly ng: string;
  readonly unknown_ng: string;
}

/**
 * What those of the workloads have used that have a limit, or are marked by one they had. Energy without a carbon figure counts at
 * the top of its zone's published mean, + 60 % (W-41, W-95): mJ × PUE × mg/kWh ÷ 3,600, up.
 */
export async function spentSoFar(em: SqlEntityManager, workloadIds: readonly string[]): Promise<SpentSoFar[]> {
  const found = await rows(em, sql<SpentRow>`
    select * from (
      select w.id, w.name, w.budget, w.on_exhausted, w.budget_alerted_at is not null as alerted, w.budget_exhausted_at is not null as exhausted,
             exists (select from budgets b join budget_reservations r on r.budget_id = b.id and r.workload_id = w.id) as reserved,
             w.compute_micro_usd + w.energy_micro_usd as usd, w.energy_mj as mj, w.operational_ng as ng,
             (select coalesce(ceil(sum(l.energy_mj * l.pue_e4 * z.fallback_intensity_mg_per_kwh * 1.6 / 36000000)), 0)
                from energy_lines l join zones z on z.key = l.zone where l.workload_id = w.id and l.operational_ng is null) as unknown_ng
        from workloads w where w.id = any(${[...workloadIds]}::uuid[])) w
     where w.budget is not null or w.exhausted or w.reserved order by w.id`);
  return found.map((row) => ({
    workloadId: row.id, name: row.name, budget: row.budget, onExhausted: row.on_exhausted, alerted: row.alerted, exhausted: row.exhausted, isReserved: row.reserved,
    used: { usd: BigInt(row.usd), kwh: BigInt(row.mj), co2e_g: BigInt(row.ng) + BigInt(row.unknown_ng) },
  }));
}
