import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { toIso } from '#platform/workloads/time';
import type { ListGridEvents } from './grid.schemas.ts';

interface EventRow {
  readonly id: string;
  readonly zone: string;
  readonly kind: string;
  readonly start_at: string;
  readonly end_at: string | null;
  readonly scheduled_end_at: string | null;
  readonly open: boolean;
  readonly state: string;
  readonly cause: string;
  readonly evidence: object;
  readonly target: { readonly target_kw?: string; readonly target_percent?: number } | null;
  readonly continues: string | null;
  readonly counts: object;
  readonly response: object | null;
}

const COLUMNS = sql`id, zone, kind, start_at, end_at, scheduled_end_at, open, state, cause, evidence, target, continues, counts, response`;

/** Newest first. */
export const listEvents = (em: SqlEntityManager, { zone, kind, state }: ListGridEvents, after: readonly string[] | undefined, take: number): Promise<EventRow[]> =>
  rows(em, sql<EventRow>`
    select ${COLUMNS} from grid_events
     where ${zone ? sql`zone = ${zone}` : sql`true`} ${kind ? sql`and kind = ${kind}` : sql``} ${state ? sql`and state = ${state}` : sql``}
       ${after ? sql`and (start_at, zone, id) < (${after[0]}::timestamptz, ${after[1]}, ${after[2]})` : sql``}
     order by start_at desc, zone desc, id desc limit ${take}`);

export async function findEvent(em: SqlEntityManager, zone: string, id: string): Promise<EventRow | undefined> {
  const [row] = await rows(em, sql<EventRow>`select ${COLUMNS} from grid_events where zone = ${zone} and id = ${id}`);
  return row;
}

/** The agent's states in their order (W-98). */
export const historyOf = async (em: SqlEntityManager, zone: string, id: string) =>
  (await rows(em, sql<{ state: string; at: string; cause: string; counts: object }>`
    select state, at, cause, counts from grid_event_history where zone = ${zone} and event_id = ${id} order by seq`)).map((row) => ({ ...row, at: toIso(row.at) }));

export const toApiEvent = ({ start_at, end_at, scheduled_end_at, target, ...row }: EventRow) => ({
  ...row,
  start: toIso(start_at), end: toIso(end_at), scheduled_end: toIso(scheduled_end_at),
  target: target && { ...(target.target_kw !== undefined && { target_kw: target.target_kw }), ...(target.target_percent !== undefined && { target_percent: target.target_percent }) },
});
