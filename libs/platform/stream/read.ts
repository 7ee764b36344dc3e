import { sql, type RawBuilder } from 'kysely';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';

/** An event as it is told. Ids are decimal texts of 63-bit integers that grow from event to event. */
export interface StreamEvent {
  readonly id: string;
  readonly name: string;
  /** JSON text, as it was written. */
  readonly data: string;
}

export interface StoredEvent extends StreamEvent {
  readonly workloadId: string | null;
}

/** Ids in (after, below). */
export interface Range {
  readonly after: bigint;
  readonly below: bigint;
}

/**
 * Below this id everything that will ever be told has been committed or rolled back: ids begin with the number of their
 * transaction, and every transaction older than the oldest open one is over.
 */
export async function horizon(em: SqlEntityManager): Promise<bigint> {
  const { xmin } = await one(em, sql<{ xmin: string }>`select pg_snapshot_xmin(pg_current_snapshot())::text as xmin`);
  return BigInt(xmin) * 1_048_576n;
}

/** Organisations with events in the range; needs no organisation of its own. */
export const orgsWithNews = async (em: SqlEntityManager, { after, below }: Range): Promise<readonly string[]> =>
  (await rows(em, sql<{ org_id: string }>`select org_id from stream_orgs(${after}, ${below})`)).map(({ org_id }) => org_id);

const publicEvents = ({ after, below }: Range): RawBuilder<EventRow> =>
  sql`select id, null::uuid as workload_id, name, data::text as data from public_stream_events where id > ${after} and id < ${below}`;

const tenantEvents = ({ after, below }: Range): RawBuilder<EventRow> =>
  sql`select id, workload_id, name, data::text as data from stream_events where id > ${after} and id < ${below}`;

/** Public events of the range, oldest first, at most `most`. */
export const readPublic = (em: SqlEntityManager, range: Range, most: number): Promise<StoredEvent[]> => read(em, publicEvents(range), most);

/** The transaction's organisation's own. */
export const readTenant = (em: SqlEntityManager, range: Range, most: number): Promise<StoredEvent[]> => read(em, tenantEvents(range), most);

/** Both as one stream, as `GET /api/v1/events` tells them. */
export const readMerged = (em: SqlEntityManager, range: Range, most: number): Promise<StoredEvent[]> =>
  read(em, sql`${tenantEvents(range)} union all ${publicEvents(range)}`, most);

/** One workload's own. */
export const readWorkload = (em: SqlEntityManager, workloadId: string, range: Range, most: number): Promise<StoredEvent[]> =>
  read(em, sql`${tenantEvents(range)} and workload_id = ${workloadId}`, most);

interface EventRow {
  readonly id: string;
  readonly workload_id: string | null;
  readonly name: string;
  readonly data: string;
}

async function read(em: SqlEntityManager, query: RawBuilder<EventRow>, most: number): Promise<StoredEvent[]> {
  const found = await rows(em, sql<EventRow>`select * from (${query}) e order by id limit ${most}`);
  return found.map(({ id, workload_id, name, data }) => ({ id, name, data, workloadId: workload_id }));
}
