import { sql } from 'kysely';
import type { GridEventKind } from '#domain/grid/event-rules';
import type { EventCounts } from '#domain/incident/answers';
import { eventInWords } from '#domain/incident/words';
import { concernedByZone, raiseForEach, resolveForEach } from '#platform/alerts/concerned';
import type { AlertKind } from '#platform/alerts/kinds';
import { rows } from '#platform/db/in-org';
import { appendPublic } from '#platform/stream/append';
import type { EventRef, SystemTx } from './event-deps.ts';
import { countsOf, readEvent, type EventRow } from './event-rows.sql.ts';

/** A change of the run's state; `seq` is its number in the history. */
export interface StateChange {
  readonly seq: number;
  readonly state: string;
  readonly cause: string;
}

const ALERTS: Readonly<Record<GridEventKind, AlertKind>> = {
  absorb: 'grid.absorb', shed: 'grid.shed', 'carbon-spike': 'grid.carbon_spike', 'price-spike': 'grid.price_spike', 'stale-signal': 'grid.stale_signal',
};

/** One event of a kind is open in a zone, so its successor after 24 h (W-100) finds the same alert. */
const dedupKey = (zone: string, kind: GridEventKind): string => `grid-event/${zone}/${kind}`;

/** W-98: a change of state as a row, on the public stream and in the event; its alert in the same transaction. The second try finds the row. */
export async function recordState({ em, actAs }: SystemTx, event: EventRef, { seq, state, cause }: StateChange): Promise<EventCounts> {
  const { zone, eventId } = event;
  const counts = await countsOf(em, event);
  const json = JSON.stringify(counts);
  const written = await rows(em, sql`
    insert into grid_event_history (zone, event_id, seq, state, cause, counts) values (${zone}, ${eventId}, ${seq}, ${state}, ${cause}, ${json}::jsonb) on conflict do nothing returning seq`);
  if (written.length === 0) return counts;
  await rows(em, sql`
    update grid_events set state = ${state}, counts = ${json}::jsonb, updated_at = clock_timestamp(), end_at = case when ${state} = 'RESOLVED' then coalesce(end_at, clock_timestamp()) else end_at end
     where zone = ${zone} and id = ${eventId}`);
  const row = await readEvent(em, event);
  const time = (text: string | null) => (text === null ? null : new Date(text).toISOString());
  await appendPublic(em, 'grid.event', { zone, id: eventId, kind: row.kind, state, cause, start: time(row.start_at), end: time(row.end_at), counts });
  if (state === 'ANOMALY_DETECTED') await raiseFor({ em, actAs }, event, row, await concernedByZone(em, zone));
  if (state === 'RESOLVED' && cause !== 'rolled') {
    await resolveForEach(em, actAs, row.alerted_org_ids, dedupKey(zone, row.kind));
    await resolveForEach(em, actAs, row.alerted_org_ids, noAnswerKey(event));
  }
  return counts;
}

/** Raises the event's alert for those who have not got it yet. */
export async function raiseFor({ em, actAs }: SystemTx, { zone, eventId }: EventRef, row: EventRow, orgIds: readonly string[]): Promise<void> {
  const fresh = [...new Set(orgIds)].filter((orgId) => !row.alerted_org_ids.includes(orgId));
  if (fresh.length === 0) return;
  await raiseForEach(em, actAs, fresh, { kind: ALERTS[row.kind], ...eventInWords(row.kind, row.zone_name, row.target), zone, subject: eventId, dedupKey: dedupKey(zone, row.kind) });
  await rows(em, sql`update grid_events set alerted_org_ids = alerted_org_ids || ${fresh}::uuid[] where zone = ${zone} and id = ${eventId}`);
}

const noAnswerKey = ({ zone, eventId }: EventRef): string => `event.no_answer/${zone}/${eventId}`;

/** W-103: who stays silent after being asked twice is reported to its organisation and to the operator. */
export async function raiseNoAnswer({ em, actAs }: SystemTx, event: EventRef, row: EventRow, orgIds: readonly string[]): Promise<void> {
  await raiseForEach(em, actAs, orgIds, {
    kind: 'event.no_answer', zone: event.zone, subject: event.eventId, dedupKey: noAnswerKey(event),
    title: `Work in ${row.zone_name} does not answer`,
    body: `A workload was told twice what the event ${event.eventId} asks of it and has not answered. Look at its run in the Temporal Web UI and at its node.`,
  });
}
