import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/**
 * W-65: the check and the taking are one statement, so concurrent placements never pass a node's count; W-102: a zone that
 * sheds is refused here too, whatever the decision knew. Where two wait for one node, the second sees what the first left.
 */
export async function takeGpus(em: SqlEntityManager, nodeId: string, gpus: number): Promise<boolean> {
  const taken = await rows(em, sql`
    update nodes n set gpus_reserved = gpus_reserved + ${gpus}
     where n.id = ${nodeId} and n.gpus - n.gpus_reserved >= ${gpus} and n.state in ('online', 'degraded')
       and not exists (select from grid_events e where e.zone = n.zone and e.kind = 'shed' and e.open)
    returning n.id`);
  return taken.length === 1;
}

export const giveBackGpus = (em: SqlEntityManager, nodeId: string, gpus: number) =>
  rows(em, sql`update nodes set gpus_reserved = gpus_reserved - ${gpus} where id = ${nodeId}`);

export const holdFor = (em: SqlEntityManager, hold: { workloadId: string; segment: number; orgId: string; nodeId: string; gpus: number }) =>
  rows(em, sql`
    insert into reservations (workload_id, segment, org_id, node_id, gpus, expires_at)
    values (${hold.workloadId}, ${hold.segment}, ${hold.orgId}, ${hold.nodeId}, ${hold.gpus}, clock_timestamp() + interval '60 seconds')`);

/** A start begins, or a save before it: the time of W-65 counts anew. False where it ran out and the GPUs may be somebody else's. */
export async function renewHold(em: SqlEntityManager, workloadId: string, segment: number, seconds = 60): Promise<boolean> {
  const kept = await rows(em, sql`
    update reservations set expires_at = case when expires_at is null then null else clock_timestamp() + make_interval(secs => ${seconds}::float8) end
     where workload_id = ${workloadId} and segment = ${segment} returning segment`);
  return kept.length === 1;
}

/** The job runs: the GPUs are held until its segment ends. */
export const holdWhileRunning = (em: SqlEntityManager, workloadId: string, segment: number) =>
  rows(em, sql`update reservations set expires_at = null where workload_id = ${workloadId} and segment = ${segment}`);

/** Gives the segment's GPUs back once: whoever deletes the row frees them. */
export const release = (em: SqlEntityManager, workloadId: string, segment: number) =>
  rows(em, sql`
    with gone as (delete from reservations where workload_id = ${workloadId} and segment = ${segment} returning node_id, gpus)
    update nodes n set gpus_reserved = n.gpus_reserved - gone.gpus from gone where n.id = gone.node_id`);

/** Whatever the workload still holds anywhere. */
export const releaseAll = (em: SqlEntityManager, workloadId: string) =>
  rows(em, sql`
    with gone as (delete from reservations where workload_id = ${workloadId} returning node_id, gpus),
         freed as (select node_id, sum(gpus)::int as gpus from gone group by node_id)
    update nodes n set gpus_reserved = n.gpus_reserved - freed.gpus from freed where n.id = freed.node_id`);

/** Reservations whose job was never started in time, of all organisations (W-65); their segments end as `not_started` by their own runs. */
export const releaseExpired = (em: SqlEntityManager) =>
  rows(em, sql`
    with gone as (
      delete from reservations where (workload_id, segment) in (
        select workload_id, segment from reservations where expires_at < clock_timestamp() order by node_id for update skip locked)
      returning node_id, gpus),
    freed as (select node_id, sum(gpus)::int as gpus from gone group by node_id)
    update nodes n set gpus_reserved = n.gpus_reserved - freed.gpus from freed where n.id = freed.node_id`);
