import { sql, type RawBuilder } from 'kysely';
import type { WorkloadState } from '#domain/workload/states';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { append } from '#platform/stream/append';
import type { Ref } from './deps.ts';
import type { SavedCheckpoint } from './work.sql.ts';

export interface Standing {
  readonly state: WorkloadState;
  readonly reason: string | null;
  readonly segment: number;
}

/** Locks the row until the transaction ends: whoever ends, moves or pauses the work decides on what it finds here. */
export async function lockWorkload(em: SqlEntityManager, workloadId: string): Promise<Standing> {
  const [row] = await rows(em, sql<Standing>`select state, reason, segment from workloads where id = ${workloadId} for update`);
  if (!row) throw new Error(`workload ${workloadId} is not in this organisation`);
  return row;
}

/** Writes the state and tells it, in one transaction; `also` sets what changes with it. */
export async function writeState(em: SqlEntityManager, { orgId, workloadId }: Ref, state: WorkloadState, reason: string | null, also: RawBuilder<unknown> = sql`version = version + 1`): Promise<void> {
  const [row] = await rows(em, sql<{ zone: string | null; segment: number; node: string | null }>`
    update workloads w set state = ${state}, reason = ${reason}, run_started = true, updated_at = clock_timestamp(), ${also}
     where id = ${workloadId} returning zone, segment, (select slug from nodes n where n.id = w.node_id) as node`);
  await append(em, orgId, 'workload.state', { workload_id: workloadId, state, reason, node: row!.node, zone: row!.zone, segment: row!.segment }, workloadId);
}

/** Off its node: what is shown of a workload that stands nowhere. */
export const NOWHERE = sql`node_id = null, zone = null, eta = null, power_w = 0, version = version + 1`;

export interface SegmentEnd {
  readonly segment: number;
  readonly reason: string;
  /** RFC 3339, the node's word; the database keeps it between the start and now. */
  readonly at?: string | null;
  /** What is billed ends earlier where work was lost through no fault of the customer (W-122). */
  readonly billedUntil?: string | null;
}

/**
 * Ends a segment once. A job that never ran ends as `not_started`, without time. Its GPUs are given back in a transaction of
 * their own (`free`): one that holds the workload's row never waits for a node's, which would be the wrong order.
 * @returns false where it had ended before
 */
export async function endSegment(em: SqlEntityManager, workloadId: string, { segment, reason, at = null, billedUntil = null }: SegmentEnd): Promise<boolean> {
  const ended = await rows(em, sql`
    with moment as (
      select greatest(started_at, least(coalesce(${at}::timestamptz, clock_timestamp()), clock_timestamp())) as ended
        from segments where workload_id = ${workloadId} and segment = ${segment})
    update segments s set end_reason = case when started_at is null then 'not_started' else ${reason} end,
           ended_at = coalesce(moment.ended, clock_timestamp()),
           units_end = (select units_done from workloads w where w.id = s.workload_id),
           gpu_seconds = case when started_at is null then 0
             else round(greatest(0, extract(epoch from least(moment.ended, coalesce(${billedUntil}::timestamptz, moment.ended)) - started_at)) * time_scale * gpus, 3) end
      from moment where s.workload_id = ${workloadId} and s.segment = ${segment} and s.ended_at is null returning s.segment`);
  return ended.length === 1;
}

export interface OpenSegment {
  readonly segment: number;
  readonly fence: number;
  readonly node_id: string;
  readonly started: boolean;
}

export const openSegments = (em: SqlEntityManager, workloadId: string) =>
  rows(em, sql<OpenSegment>`
    select segment, fence, node_id, started_at is not null as started from segments where workload_id = ${workloadId} and ended_at is null order by segment`);

/** How the segment ended, or undefined while it is open. */
export async function endOfSegment(em: SqlEntityManager, workloadId: string, segment: number): Promise<string | undefined> {
  const [row] = await rows(em, sql<{ end_reason: string | null }>`select end_reason from segments where workload_id = ${workloadId} and segment = ${segment} and ended_at is not null`);
  return row?.end_reason ?? undefined;
}

/** The newest save, and progress that never falls: what is shown counts what is saved. */
export const keepCheckpoint = (em: SqlEntityManager, workloadId: string, checkpoint: SavedCheckpoint) =>
  rows(em, sql`
    update workloads set checkpoint = ${JSON.stringify(checkpoint)}::jsonb, units_done = least(units_total, greatest(units_done, ${checkpoint.units_done}::bigint)),
           updated_at = clock_timestamp()
     where id = ${workloadId} and (checkpoint is null or checkpoint ->> 'id' <> ${checkpoint.id}) and coalesce((checkpoint ->> 'units_done')::bigint, 0) <= ${checkpoint.units_done}::bigint`);
