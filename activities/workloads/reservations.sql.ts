import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/** GPUs of a node. */
export interface Gpus {
  readonly nodeId: string;
  readonly gpus: number;
}

/**
 * W-65: the check and the taking are one statement, so concurrent placements never pass a node's count; W-102: a zone that
 * sheds is refused here too, whatever the decision knew. Where two wait for one node, the second sees what the first left.
 * Of many nodes each is taken whole or not at all.
 *
 * @param wanted each node once
 * @returns the nodes that refused
 */
export async function takeGpus(em: SqlEntityManager, wanted: readonly Gpus[]): Promise<string[]> {
  if (wanted.length === 0) return [];
  const ids = wanted.map(({ nodeId }) => nodeId);
  // In one order: two that take many never wait for each other.
  if (ids.length > 1) await rows(em, sql`select from nodes where id = any(${ids}::uuid[]) order by id for update`);
  const taken = await rows(em, sql<{ id: string }>`
    update nodes n set gpus_reserved = gpus_reserved + w.gpus from unnest(${ids}::uuid[], ${wanted.map(({ gpus }) => gpus)}::int[]) as w (id, gpus)
     where n.id = w.id and n.gpus - n.gpus_reserved >= w.gpus and n.state in ('online', 'degraded')
       and not exists (select from grid_events e where e.zone = n.zone and e.kind = 'shed' and e.open)
    returning n.id`);
  const held = new Set(taken.map(({ id }) => id));
  return ids.filter((id) => !held.has(id));
}

export const giveBackGpus = (em: SqlEntityManager, given: readonly Gpus[]) =>
  rows(em, sql`
    update nodes n set gpus_reserved = n.gpus_reserved - g.gpus
      from (select id, sum(gpus)::int as gpus from unnest(${given.map(({ nodeId }) => nodeId)}::uuid[], ${given.map(({ gpus }) => gpus)}::int[]) as g (id, gpus) group by id) g
     where n.id = g.id`);

export interface Hold extends Gpus {
  readonly workloadId: string;
  readonly segment: number;
}

export const holdFor = (em: SqlEntityManager, orgId: string, holds: readonly Hold[]) =>
  rows(em, sql`
    insert into reservations (workload_id, segment, org_id, node_id, gpus, expires_at)
    select h.workload_id, h.segment, ${orgId}, h.node_id, h.gpus, clock_timestamp() + interval '60 seconds'
      from unnest(${holds.map(({ workloadId }) => workloadId)}::uuid[], ${holds.map(({ segment }) => segment)}::int[], ${holds.map(({ nodeId }) => nodeId)}::uuid[],
                  ${holds.map(({ gpus }) => gpus)}::int[]) as h (workload_id, segment, node_id, gpus)`);

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
export const release = (workloadId: string, segment: number) => sql`
    with gone as (delete from reservations where workload_id = ${workloadId} and segment = ${segment} returning node_id, gpus)
    update nodes n set gpus_reserved = n.gpus_reserved - gone.gpus from gone where n.id = gone.node_id`;

/** What the nodes of `gone` get back, each locked in the order in which a page takes them: neither waits for the other. */
const IN_ORDER = sql`freed as (
      select n.id as node_id, (select sum(gpus)::int from gone where gone.node_id = n.id) as gpus from nodes n where n.id in (select node_id from gone) order by n.id for update)`;

/** Whatever the workload still holds anywhere. */
export const releaseAll = (workloadId: string) => sql`
    with gone as (delete from reservations where workload_id = ${workloadId} returning node_id, gpus),
         ${IN_ORDER}
    update nodes n set gpus_reserved = n.gpus_reserved - freed.gpus from freed where n.id = freed.node_id`;

/** Reservations whose job was never started in time, of all organisations (W-65); their segments end as `not_started` by their own runs. */
export const releaseExpired = (em: SqlEntityManager) =>
  rows(em, sql`
    with gone as (
      delete from reservations where (workload_id, segment) in (
        select workload_id, segment from reservations where expires_at < clock_timestamp() order by node_id for update skip locked)
      returning node_id, gpus),
    ${IN_ORDER}
    update nodes n set gpus_reserved = n.gpus_reserved - freed.gpus from freed where n.id = freed.node_id`);
