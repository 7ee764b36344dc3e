import { sql } from 'kysely';
import { measureResponse as measure, type MeteredPower } from '#domain/incident/response';
import { targetWatts } from '#domain/incident/target';
import { one, rows } from '#platform/db/in-org';
import type { EventRef, SystemTx } from './event-deps.ts';
import { readEvent, type EventRow } from './event-rows.sql.ts';

const BASELINE = sql`interval '15 minutes'`;
/** Steps as short as the zone's reports, at most 10 s, and at most 360 of them. */
const STEP_MS = 10_000;
const MOST_STEPS = 360;

/** W-106: what the event did to the zone's metered power, stored with it. A later measurement of the same event replaces it. */
export async function measureResponse({ em }: SystemTx, event: EventRef): Promise<void> {
  const row = await readEvent(em, event);
  if (row.kind === 'stale-signal') return;
  const { opened_ms, closed_ms, until_ms, time_scale } = await one(em, sql<{ opened_ms: string; closed_ms: string; until_ms: string; time_scale: number }>`
    select round(extract(epoch from coalesce((select min(at) from grid_event_history h where h.zone = e.zone and h.event_id = e.id and h.state = 'ANOMALY_DETECTED'), start_at)) * 1000) as opened_ms,
           round(extract(epoch from coalesce(end_at, clock_timestamp())) * 1000) as closed_ms, round(extract(epoch from clock_timestamp()) * 1000) as until_ms,
           coalesce((select max(time_scale) from nodes n where n.zone = e.zone), 1) as time_scale
      from grid_events e where e.zone = ${event.zone} and e.id = ${event.eventId}`);
  const [openedAtMs, closedAtMs, measuredUntilMs] = [Number(opened_ms), Number(closed_ms), Number(until_ms)];
  const reports = await meteredPower({ em }, event);
  const stepMs = reports.reduce((shortest, { startMs, endMs }) => Math.min(shortest, endMs - startMs), STEP_MS);
  const response = measure({
    reports, openedAtMs, closedAtMs, measuredUntilMs, targetMw: targetMw(row), reversed: row.kind === 'absorb',
    stepMs: stepMs * Math.max(1, Math.ceil((measuredUntilMs - openedAtMs) / stepMs / MOST_STEPS)), timeScale: time_scale,
  });
  const stored = JSON.stringify('response' in response ? response.response : response);
  await rows(em, sql`update grid_events set response = ${stored}::jsonb where zone = ${event.zone} and id = ${event.eventId}`);
}

const targetMw = ({ kind, target }: EventRow): bigint | null =>
  kind === 'shed' && (target?.target_kw !== undefined || target?.flexible_w) ? BigInt(targetWatts(target, target.flexible_w ?? 0)) * 1_000n : null;

async function meteredPower({ em }: Pick<SystemTx, 'em'>, { zone, eventId }: EventRef): Promise<MeteredPower[]> {
  const found = await rows(em, sql<{ node_id: string; start_ms: string; end_ms: string; power_mw: string; grade: MeteredPower['grade'] }>`
    select r.node_id, round(extract(epoch from r.interval_start) * 1000) as start_ms, round(extract(epoch from r.interval_end) * 1000) as end_ms, r.grade,
           round(r.energy_mj / (extract(epoch from r.interval_end - r.interval_start) * n.time_scale)) as power_mw
      from energy_reports r join nodes n on n.id = r.node_id
     where r.zone = ${zone} and r.interval_end >= r.interval_start + interval '1 second'
       and r.interval_start >= (select start_at - ${BASELINE} from grid_events where zone = ${zone} and id = ${eventId})
     order by r.node_id, r.interval_start`);
  return found.map((row) => ({ nodeId: row.node_id, startMs: Number(row.start_ms), endMs: Number(row.end_ms), powerMw: BigInt(row.power_mw), grade: row.grade }));
}
