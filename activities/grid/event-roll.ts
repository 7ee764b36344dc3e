import { sql } from 'kysely';
import { gridEventId } from '#domain/grid/events';
import { one, rows } from '#platform/db/in-org';
import type { EventRef, SystemTx } from './event-deps.ts';
import { lockEvent, readEvent } from './event-rows.sql.ts';

/**
 * W-100: an event that outlives its run is closed as `rolled` and followed by one that continues it. Answers carry over, so
 * nobody is asked again, and the alert stays one. @returns the successor; the same one when called again
 */
export async function rollOver({ em, actAs }: SystemTx, event: EventRef): Promise<EventRef> {
  const { zone, eventId } = event;
  await lockEvent(em, event);
  const [before] = await rows(em, sql<{ id: string }>`select id from grid_events where zone = ${zone} and continues = ${eventId}`);
  if (before) return { zone, eventId: before.id };
  const { kind } = await readEvent(em, event);
  const { now_ms } = await one(em, sql<{ now_ms: string }>`select round(extract(epoch from clock_timestamp()) * 1000) as now_ms`);
  const successor = gridEventId(kind, Number(now_ms));
  await rows(em, sql`update grid_events set open = false, end_at = clock_timestamp(), updated_at = clock_timestamp() where zone = ${zone} and id = ${eventId}`);
  await rows(em, sql`
    insert into grid_events (zone, id, kind, start_at, cause, evidence, target, scheduled_end_at, continues, alerted_org_ids)
    select zone, ${successor}, kind, clock_timestamp(), cause, evidence, target, scheduled_end_at, id, alerted_org_ids from grid_events where zone = ${zone} and id = ${eventId}`);
  const carried = await rows(em, sql<{ org_id: string }>`
    insert into event_affected (zone, event_id, workload_id, org_id, answer, signalled_at, asked_again_at, answered_at, power_w, gpus, deadline, decision_id, action, target, reason, kw_after)
    select zone, ${successor}, workload_id, org_id, answer, signalled_at, asked_again_at, answered_at, power_w, gpus, deadline, decision_id, action, target, reason, kw_after
      from event_affected where zone = ${zone} and event_id = ${eventId} order by position returning org_id`);
  for (const orgId of new Set(carried.map(({ org_id }) => org_id))) {
    await actAs(orgId);
    await rows(em, sql`
      insert into event_answers (org_id, zone, event_id, workload_id, answer, reason, decision_id, kw_before, kw_after, signalled_at, asked_again_at, answered_at)
      select org_id, zone, ${successor}, workload_id, answer, reason, decision_id, kw_before, kw_after, signalled_at, asked_again_at, answered_at
        from event_answers where zone = ${zone} and event_id = ${eventId}`);
  }
  return { zone, eventId: successor };
}
