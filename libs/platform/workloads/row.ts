import { sql } from 'kysely';
import type { PolicyInForce } from '#domain/routing/policy';
import type { BudgetUnit, WorkloadBudget } from '#domain/workload/budget';
import type { WorkloadState } from '#domain/workload/states';

/** A row of `workloads` with what belongs to it elsewhere. bigint, numeric and timestamptz are texts. */
export interface WorkloadRow {
  readonly org_id: string;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: PolicyInForce;
  readonly state: WorkloadState;
  readonly reason: string | null;
  readonly node: string | null;
  readonly hardware: 'real' | 'simulated' | null;
  readonly zone: string | null;
  readonly gpus: number;
  readonly segment: number;
  readonly fence: number;
  readonly units_total: string;
  readonly units_done: string;
  readonly moves_used: number;
  readonly max_moves: number;
  readonly eta: string | null;
  readonly deadline: string | null;
  readonly starts_by: string | null;
  readonly exclusions: Readonly<Record<string, number>> | null;
  readonly energy_mj: string;
  readonly facility_mj: string;
  readonly operational_ng: string;
  readonly embodied_ng: string;
  readonly energy_micro_usd: string;
  readonly compute_micro_usd: string;
  readonly grade: 'measured' | 'modelled' | 'estimated' | null;
  readonly signal_quality: string | null;
  readonly budget: WorkloadBudget | null;
  readonly on_exhausted: 'pause' | 'stop';
  /** What is still reserved for this workload in the organisation's budgets, the largest of each unit. */
  readonly reserved: Readonly<Partial<Record<BudgetUnit, string>>> | null;
  readonly last_decision: Readonly<Record<string, unknown>> | null;
  readonly result: { readonly uri: string; readonly sha256: string; readonly expires_at: string } | null;
  readonly correlation_id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What stands in the row itself: `insert into workloads as w … returning ${ownColumns}`. */
export type OwnColumns = Omit<WorkloadRow, 'node' | 'hardware' | 'reserved' | 'last_decision'>;
export const ownColumns = sql<OwnColumns>`
  w.org_id, w.id, w.name, w.kind, w.labels, w.policy, w.state, w.reason, w.zone, w.gpus, w.segment, w.fence, w.units_total, w.units_done,
  w.moves_used, w.max_moves, w.eta, w.deadline, w.starts_by, w.exclusions, w.energy_mj, w.facility_mj, w.operational_ng, w.embodied_ng, w.energy_micro_usd,
  w.compute_micro_usd, w.grade, w.signal_quality, w.budget, w.on_exhausted, w.result, w.correlation_id, w.created_at, w.updated_at`;

/** Reads whole rows: `select ${workloadRows} where …`. Row-level security narrows them to the transaction's organisation. */
export const workloadRows = sql<WorkloadRow>`
  ${ownColumns}, n.slug as node, n.hardware, held.reserved, last.last_decision
  from workloads w
  left join nodes n on n.id = w.node_id
  left join lateral (
    select jsonb_object_agg(unit, amount) as reserved
      from (select g.unit, max(greatest(r.reserved - r.used, 0))::text as amount
              from budgets g join budget_reservations r on r.org_id = g.org_id and r.budget_id = g.id
             where r.workload_id = w.id and r.released_at is null group by g.unit) units) held on true
  left join lateral (
    select jsonb_build_object('id', d.id, 'kind', d.kind, 'outcome', d.outcome, 'reason', d.reason, 'decided_at', d.body -> 'decided_at', 'winner', d.body -> 'winner') as last_decision
      from decisions d where d.org_id = w.org_id and d.id = w.last_decision_id) last on true`;
