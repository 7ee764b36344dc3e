import { sql } from 'kysely';
import { gridEventId } from '#domain/grid/events';
import type { GridEventKind } from '#domain/grid/event-rules';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { appendPublic } from '#platform/stream/append';

/** Why the grid says that an event is over; `not_confirmed` faded before it counted. */
export type CloseCause = 'condition_over' | 'call_ended' | 'cancelled' | 'not_confirmed';

export interface NewEvent {
  readonly zone: string;
  readonly kind: GridEventKind;
  /** Milliseconds since 1970; the id is made of it, so the same start is the same event (W-54). */
  readonly start: number;
  /** A call for later: it is open from its start on. */
  readonly pending?: boolean;
  /** Who says so: `detected`, `operator`, `demo`, `openadr`. */
  readonly cause: string;
  readonly evidence: object;
  readonly target?: { readonly target_kw?: string; readonly target_percent?: number };
  /** Only of a call: when it ends by itself. */
  readonly scheduledEnd?: number;
}

const COLUMNS = sql`zone, id, kind, state, open, start_at, end_at, cause`;
interface ToldRow {
  readonly zone: string;
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly open: boolean;
  readonly start_at: string;
  readonly end_at: string | null;
  readonly cause: string;
}

/** Opens an event; its run tells the rest. @returns the event's id, and whether it was opened by this call */
export async function openEvent(em: SqlEntityManager, { zone, kind, start, pending = false, cause, evidence, target, scheduledEnd }: NewEvent): Promise<{ id: string; opened: boolean }> {
  const [row] = await rows(em, sql<ToldRow>`
    insert into grid_events (zone, id, kind, open, start_at, cause, evidence, target, scheduled_end_at)
    values (${zone}, ${gridEventId(kind, start)}, ${kind}, ${!pending}, ${new Date(start).toISOString()}, ${cause}, ${JSON.stringify(evidence)}::jsonb,
            ${target ? JSON.stringify(target) : null}::jsonb, ${scheduledEnd === undefined ? null : new Date(scheduledEnd).toISOString()})
    on conflict do nothing returning ${COLUMNS}`);
  if (row) await tell(em, row);
  return { id: row?.id ?? (await openEventOf(em, zone, kind)) ?? gridEventId(kind, start), opened: row !== undefined };
}

/** Freezes what a noticed event rests on once it is confirmed (W-99). */
export async function confirmEvent(em: SqlEntityManager, zone: string, kind: GridEventKind, evidence: object): Promise<string | null> {
  const [row] = await rows(em, sql<{ id: string }>`
    update grid_events set evidence = ${JSON.stringify(evidence)}::jsonb, updated_at = clock_timestamp() where zone = ${zone} and kind = ${kind} and open returning id`);
  return row?.id ?? null;
}

/** Ends the event, once. Its run resolves it when all have answered. @returns false where it was over already */
export async function closeEvent(em: SqlEntityManager, zone: string, id: string, cause: CloseCause): Promise<boolean> {
  const [row] = await rows(em, sql<ToldRow>`
    update grid_events set open = false, end_at = clock_timestamp(), updated_at = clock_timestamp(),
           evidence = evidence || jsonb_build_object('closed', jsonb_build_object('cause', ${cause}::text))
     where zone = ${zone} and id = ${id} and end_at is null returning ${COLUMNS}`);
  if (row) await tell(em, row);
  return row !== undefined;
}

/** W-53: `shed` wins over `absorb`. Called in the transaction that opens the shed. */
export async function closeOpen(em: SqlEntityManager, zone: string, kind: GridEventKind, cause: CloseCause): Promise<string | null> {
  const id = await openEventOf(em, zone, kind);
  if (id) await closeEvent(em, zone, id, cause);
  return id;
}

export async function openEventOf(em: SqlEntityManager, zone: string, kind: GridEventKind): Promise<string | null> {
  const [row] = await rows(em, sql<{ id: string }>`select id from grid_events where zone = ${zone} and kind = ${kind} and open`);
  return row?.id ?? null;
}

/**
 * Opens calls whose start has come; a shed ends an absorb, a call of a kind that is open already is cancelled.
 * @returns the ids of those that were opened
 */
export async function startDueCalls(em: SqlEntityManager, zone: string): Promise<string[]> {
  const due = await rows(em, sql<{ id: string; kind: GridEventKind }>`
    select id, kind from grid_events where zone = ${zone} and not open and end_at is null and start_at <= clock_timestamp() order by start_at for update`);
  const opened: string[] = [];
  for (const { id, kind } of due) {
    if (await openEventOf(em, zone, kind)) {
      await closeEvent(em, zone, id, 'cancelled');
      continue;
    }
    if (kind === 'shed') await closeOpen(em, zone, 'absorb', 'cancelled');
    const [row] = await rows(em, sql<ToldRow>`update grid_events set open = true, updated_at = clock_timestamp() where zone = ${zone} and id = ${id} returning ${COLUMNS}`);
    await tell(em, row!);
    opened.push(id);
  }
  return opened;
}

export interface OpenEvent {
  readonly id: string;
  readonly kind: GridEventKind;
  /** Somebody called it: it has an end of its own. */
  readonly called: boolean;
  readonly callOver: boolean;
}

export const openEventsOf = async (em: SqlEntityManager, zone: string): Promise<OpenEvent[]> =>
  (await rows(em, sql<OpenEvent & { call_over: boolean }>`
    select id, kind, scheduled_end_at is not null as called, coalesce(scheduled_end_at <= clock_timestamp(), false) as call_over from grid_events where zone = ${zone} and open`))
    .map(({ id, kind, called, call_over }) => ({ id, kind, called, callOver: call_over }));

/** When a call begins or ends next, milliseconds since 1970; null while nobody called. */
export async function nextCallEdge(em: SqlEntityManager, zone: string): Promise<number | null> {
  const [row] = await rows(em, sql<{ end_ms: string | null }>`
    select (extract(epoch from min(case when open then scheduled_end_at else start_at end)) * 1000)::bigint as end_ms from grid_events where zone = ${zone} and end_at is null`);
  return row?.end_ms == null ? null : Number(row.end_ms);
}

export interface Unresolved {
  readonly id: string;
  /** It was noticed before it counted; `confirmed` once it does. */
  readonly awaits: boolean;
  readonly confirmed: boolean;
  /** Why it is over; null while it is open. */
  readonly closed: CloseCause | null;
}

/** Events whose run has not come to its end: each tick makes sure that they have one, and that it knows. */
export const unresolvedEvents = (em: SqlEntityManager, zone: string): Promise<Unresolved[]> =>
  rows(em, sql<Unresolved>`
    select id, evidence ? 'confirmed' as awaits, coalesce((evidence ->> 'confirmed')::boolean, true) as confirmed, case when open then null else coalesce(evidence -> 'closed' ->> 'cause', 'condition_over') end as closed
      from grid_events where zone = ${zone} and state <> 'RESOLVED' and (open or end_at is not null) order by start_at limit 50`);

/** W-89: told to everybody in the transaction of the change. */
const tell = (em: SqlEntityManager, { start_at, end_at, ...row }: ToldRow) =>
  appendPublic(em, 'grid.event', { ...row, start: new Date(start_at).toISOString(), end: end_at === null ? null : new Date(end_at).toISOString() });
