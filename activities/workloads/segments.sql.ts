import { sql } from 'kysely';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import type { TargetSegment } from '#workflows/workloads/workload.messages';

/** Locks the row; true where a first or next segment may begin: before running or on resuming, and no other segment is open. */
export async function readyForPlacement(em: SqlEntityManager, workloadId: string, resumes: boolean): Promise<boolean> {
  const [row] = await rows(em, sql<{ state: string }>`select state from workloads where id = ${workloadId} for update`);
  if (!row || !['accepted', 'waiting', 'queued', 'placing', ...(resumes ? ['paused'] : [])].includes(row.state)) return false;
  // A statement of its own: in the one that waited for the lock, what the other transaction inserted would stay unseen.
  return (await rows(em, sql`select from segments where workload_id = ${workloadId} and ended_at is null`)).length === 0;
}

/** Locks the row; true where it runs in that segment and no move is under way. */
export async function readyToMove(em: SqlEntityManager, workloadId: string, segment: number): Promise<boolean> {
  const [row] = await rows(em, sql<{ state: string; segment: number }>`select state, segment from workloads where id = ${workloadId} for update`);
  if (row?.state !== 'running' || row.segment !== segment) return false;
  return (await unstartedSegment(em, workloadId)) === undefined;
}

/** The next segment, with no hole, under the next fence (W-17); price, PUE and adder are the node's of now and stay (W-10). */
export async function openSegment(em: SqlEntityManager, workloadId: string, nodeId: string, countsAsMove: boolean): Promise<TargetSegment> {
  const row = await one(em, sql<{ segment: number; fence: number; zone: string }>`
    insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version,
                          energy_adder_micro_usd_per_mwh, pue_e4, time_scale, units_start, counts_as_move)
    select w.org_id, w.id, coalesce(max(s.segment), 0) + 1, coalesce(max(s.fence), 0) + 1, n.id, n.owner_org_id, n.zone, w.gpus, n.price_micro_usd_per_gpu_hour,
           n.price_version, n.energy_adder_micro_usd_per_mwh, n.pue_e4, n.time_scale, coalesce((w.checkpoint ->> 'units_done')::bigint, 0), ${countsAsMove}
      from workloads w join nodes n on n.id = ${nodeId} left join segments s on s.workload_id = w.id
     where w.id = ${workloadId} group by w.org_id, w.id, w.gpus, w.checkpoint, n.id
    returning segment, fence, zone`);
  return { ...row, nodeId };
}

/** The reserved segment whose job is not started yet: what an earlier try of the same activity left, or somebody else decided. */
export async function unstartedSegment(em: SqlEntityManager, workloadId: string): Promise<TargetSegment | undefined> {
  const [row] = await rows(em, sql<{ segment: number; fence: number; node_id: string; zone: string }>`
    select segment, fence, node_id, zone from segments where workload_id = ${workloadId} and started_at is null and ended_at is null`);
  return row && { segment: row.segment, fence: row.fence, nodeId: row.node_id, zone: row.zone };
}
