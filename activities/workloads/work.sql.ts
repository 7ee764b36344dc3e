import { sql } from 'kysely';
import type { PolicyInForce } from '#domain/routing/policy';
import type { BudgetLeft, WorkAsk } from '#domain/routing/types';
import type { WorkloadBudget } from '#domain/workload/budget';
import type { WorkloadState } from '#domain/workload/states';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { toAsk } from '#platform/workloads/ask';
import type { WorkloadSpec } from '#platform/workloads/spec';

/** A job's saved state, as the agent names it (W-16) and `workloads.checkpoint` holds it. */
export interface SavedCheckpoint {
  readonly id: string;
  readonly uri: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly units_done: number;
  readonly at: string;
}

/** One workload as the deciding and steering activities see it. */
export interface Work {
  readonly orgId: string;
  readonly workloadId: string;
  readonly state: WorkloadState;
  readonly reason: string | null;
  readonly segment: number;
  readonly fence: number;
  readonly nodeId: string | null;
  readonly zone: string | null;
  readonly gpus: number;
  readonly unitsTotal: number;
  readonly unitsDone: number;
  readonly checkpoint: SavedCheckpoint | null;
  readonly movesUsed: number;
  readonly jobErrors: number;
  readonly nodeLosses: number;
  readonly spec: WorkloadSpec;
  readonly deadline: string | null;
  readonly onExhausted: 'pause' | 'stop';
  readonly lastDecisionId: string | null;
  readonly exclusions: Readonly<Record<string, number>> | null;
  readonly ask: WorkAsk;
}

interface WorkRow {
  readonly id: string;
  readonly org_id: string;
  readonly state: WorkloadState;
  readonly reason: string | null;
  readonly segment: number;
  readonly fence: number;
  readonly node_id: string | null;
  readonly node_slug: string | null;
  readonly zone: string | null;
  readonly gpus: number;
  readonly units_total: string;
  readonly units_done: string;
  readonly checkpoint: SavedCheckpoint | null;
  readonly moves_used: number;
  readonly job_errors: number;
  readonly node_losses: number;
  readonly spec: WorkloadSpec;
  readonly policy: PolicyInForce;
  readonly deadline: string | null;
  readonly on_exhausted: 'pause' | 'stop';
  readonly last_decision_id: string | null;
  readonly exclusions: Readonly<Record<string, number>> | null;
  readonly budget: WorkloadBudget | null;
  readonly usd: string;
  readonly energy_mj: string;
  readonly operational_ng: string;
  readonly home_zone: string;
}

/** A transaction of the system's, which may act for one organisation after another. */
export interface SystemTx {
  readonly em: SqlEntityManager;
  readonly actAs: (orgId: string) => Promise<void>;
}

/** Reads one workload of the transaction's organisation (inside `inOrg` or after `actAs`). */
export const loadAsk = async (em: SqlEntityManager, workloadId: string): Promise<Work> => (await loadAsks(em, [workloadId]))[0]!;

/** As `loadAsk`, many at once, in no order. */
export async function loadAsks(em: SqlEntityManager, workloadIds: readonly string[]): Promise<Work[]> {
  const found = await rows(em, sql<WorkRow>`
    select w.id, w.org_id, w.state, w.reason, w.segment, w.fence, w.node_id, n.slug as node_slug, w.zone, w.gpus, w.units_total, w.units_done, w.checkpoint,
           w.moves_used, w.job_errors, w.node_losses, w.spec, w.policy, w.deadline, w.on_exhausted, w.last_decision_id, w.exclusions, w.budget,
           w.compute_micro_usd + w.energy_micro_usd as usd, w.energy_mj, w.operational_ng, o.home_zone
      from workloads w join organizations o on o.org_id = w.org_id left join nodes n on n.id = w.node_id
     where w.id = any(${[...workloadIds]}::uuid[])`);
  if (found.length !== new Set(workloadIds).size) throw new Error(`of ${workloadIds.length} workloads ${found.length} are there: bind the transaction to their organisation first`);
  return found.map(toWork);
}

/** Work of many organisations, each read under its own; in the order in which it is named. */
export async function loadPage({ em, actAs }: SystemTx, page: readonly { readonly workload_id: string; readonly org_id: string }[]): Promise<Work[]> {
  const works = new Map<string, Work>();
  for (const [orgId, those] of Map.groupBy(page, ({ org_id }) => org_id)) {
    await actAs(orgId);
    for (const work of await loadAsks(em, those.map(({ workload_id }) => workload_id))) works.set(work.workloadId, work);
  }
  return page.map(({ workload_id }) => works.get(workload_id)!);
}

function toWork(row: WorkRow): Work {
  const workloadId = row.id;
  const unitsTotal = Number(row.units_total);
  const saved = row.checkpoint?.units_done ?? 0;
  const running = row.state === 'running' && row.node_slug !== null;
  const done = running ? Math.max(Number(row.units_done), saved) : saved;
  const left = budgetLeft(row);
  return {
    orgId: row.org_id, workloadId, state: row.state, reason: row.reason, segment: row.segment, fence: row.fence, nodeId: row.node_id, zone: row.zone,
    gpus: row.gpus, unitsTotal, unitsDone: Number(row.units_done), checkpoint: row.checkpoint, movesUsed: row.moves_used, jobErrors: row.job_errors,
    nodeLosses: row.node_losses, spec: row.spec, deadline: row.deadline, onExhausted: row.on_exhausted, lastDecisionId: row.last_decision_id, exclusions: row.exclusions,
    ask: toAsk(row.spec, {
      workloadId, orgId: row.org_id, homeZone: row.home_zone, policy: row.policy, remainingUnits: Math.max(0, unitsTotal - done),
      restores: running ? row.spec.checkpoint.supported : row.checkpoint !== null, movesUsed: row.moves_used,
      current: running ? { nodeSlug: row.node_slug, unitsSinceCheckpoint: done - saved } : null,
      ...(left && { budgetLeft: left }),
    }),
  };
}

function budgetLeft({ budget, usd, energy_mj, operational_ng }: WorkRow): BudgetLeft | null {
  if (!budget || Object.keys(budget).length === 0) return null;
  return {
    ...(budget.micro_usd !== undefined && { microUsd: BigInt(budget.micro_usd) - BigInt(usd) }),
    ...(budget.mj !== undefined && { energyMj: BigInt(budget.mj) - BigInt(energy_mj) }),
    ...(budget.ng !== undefined && { ng: BigInt(budget.ng) - BigInt(operational_ng) }),
  };
}
