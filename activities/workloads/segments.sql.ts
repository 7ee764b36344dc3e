import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { TargetSegment } from '#workflows/workloads/workload.messages';

/** What a decision counts on: that a first or next segment may begin, or that it runs in its segment and no move is under way. */
export interface Expected {
  readonly workloadId: string;
  readonly segment: number;
  readonly goes: 'place' | 'resume' | 'move' | null;
}

const BEFORE_RUNNING = ['accepted', 'waiting', 'queued', 'placing'];

/**
 * Locks the rows, in one order, so that two who lock many never wait for each other.
 * @returns the workloads that are not as expected any more; with nothing expected there is nothing to be wrong
 */
export async function lockAndCompare(em: SqlEntityManager, expected: readonly Expected[]): Promise<Set<string>> {
  const locked = await rows(em, sql<{ id: string; state: string; segment: number }>`
    select id, state, segment from workloads where id = any(${expected.map(({ workloadId }) => workloadId)}::uuid[]) order by id for update`);
  const states = new Map(locked.map((row) => [row.id, row]));
  const going = expected.filter(({ goes }) => goes !== null);
  if (going.length === 0) return new Set();
  // A statement of its own: in the one that waited for the lock, what the other transaction inserted would stay unseen.
  const open = await rows(em, sql<{ workload_id: string; started: boolean }>`
    select workload_id, started_at is not null as started from segments where workload_id = any(${going.map(({ workloadId }) => workloadId)}::uuid[]) and ended_at is null`);
  const isReady = ({ workloadId, segment, goes }: Expected): boolean => {
    const row = states.get(workloadId);
    const its = open.filter(({ workload_id }) => workload_id === workloadId);
    if (goes === 'move') return row?.state === 'running' && row.segment === segment && its.every(({ started }) => started);
    return row !== undefined && (BEFORE_RUNNING.includes(row.state) || (goes === 'resume' && row.state === 'paused')) && its.length === 0;
  };
  return new Set(going.filter((one) => !isReady(one)).map(({ workloadId }) => workloadId));
}

export interface NewSegment {
  readonly workloadId: string;
  readonly nodeId: string;
  readonly countsAsMove: boolean;
}

/** Each one's next segment, with no hole, under the next fence (W-17); price, PUE and adder are the node's of now and stay (W-10). */
export async function beginSegments(em: SqlEntityManager, wanted: readonly NewSegment[]): Promise<Map<string, TargetSegment>> {
  const made = await rows(em, sql<{ workload_id: string; segment: number; fence: number; node_id: string; zone: string }>`
    insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version,
                          energy_adder_micro_usd_per_mwh, pue_e4, time_scale, units_start, counts_as_move)
    select w.org_id, w.id, s.segment + 1, s.fence + 1, n.id, n.owner_org_id, n.zone, w.gpus, n.price_micro_usd_per_gpu_hour,
           n.price_version, n.energy_adder_micro_usd_per_mwh, n.pue_e4, n.time_scale, coalesce((w.checkpoint ->> 'units_done')::bigint, 0), wanted.counts
      from unnest(${wanted.map(({ workloadId }) => workloadId)}::uuid[], ${wanted.map(({ nodeId }) => nodeId)}::uuid[], ${wanted.map(({ countsAsMove }) => countsAsMove)}::boolean[])
           as wanted (workload_id, node_id, counts)
      join workloads w on w.id = wanted.workload_id join nodes n on n.id = wanted.node_id
      cross join lateral (select coalesce(max(segment), 0) as segment, coalesce(max(fence), 0) as fence from segments where workload_id = w.id) s
    returning workload_id, segment, fence, node_id, zone`);
  return new Map(made.map(({ workload_id, segment, fence, node_id, zone }) => [workload_id, { segment, fence, nodeId: node_id, zone }]));
}

/** The reserved segment whose job is not started yet: what an earlier try of the same activity left, or somebody else decided. */
export async function unstartedSegment(em: SqlEntityManager, workloadId: string): Promise<TargetSegment | undefined> {
  const [row] = await rows(em, sql<{ segment: number; fence: number; node_id: string; zone: string }>`
    select segment, fence, node_id, zone from segments where workload_id = ${workloadId} and started_at is null and ended_at is null`);
  return row && { segment: row.segment, fence: row.fence, nodeId: row.node_id, zone: row.zone };
}
