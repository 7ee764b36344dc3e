import { sql } from 'kysely';
import { resumeWaitMs } from '#domain/incident/resume';
import { release } from '#activities/workloads/reservations.sql';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { recordAnswer } from '#platform/events/record-answer';
import type { DecidedAction } from '#workflows/workloads/workload.messages';
import type { EventDeps, EventRef, SystemTx } from './event-deps.ts';
import { readEvent } from './event-rows.sql.ts';
import { tellClosed } from './event-signals.ts';

interface UntoldRow {
  readonly workload_id: string;
  readonly org_id: string;
  readonly power_w: number;
  readonly decision_id: string | null;
  readonly target: DecidedAction['target'] | null;
}

/**
 * The event is over before these were told anything: they stay as they are, and what was reserved for them is free again.
 * Work that a surplus has started is past that, and is told.
 */
export async function letGo({ em, actAs }: SystemTx, { zone, eventId }: EventRef): Promise<void> {
  const untold = await rows(em, sql<UntoldRow>`
    select workload_id, org_id, power_w, decision_id, target from event_affected
     where zone = ${zone} and event_id = ${eventId} and answer is null and signalled_at is null and action is distinct from 'start' order by position`);
  for (const { workload_id: workloadId, org_id: orgId, power_w, decision_id, target } of untold) {
    await actAs(orgId);
    if (target) {
      await rows(em, release(workloadId, target.segment));
      await rows(em, sql`
        update segments set ended_at = clock_timestamp(), end_reason = 'not_started'
         where workload_id = ${workloadId} and segment = ${target.segment} and started_at is null and ended_at is null`);
    }
    await recordAnswer(em, { zone, eventId, workloadId, orgId, answer: 'kept', reason: 'event_over', decisionId: decision_id, kwAfter: power_w / 1_000 });
  }
}

export interface OverStep {
  /** Affected and not told yet that it is over. */
  readonly untold: number;
  /** Until the pace lets the next one resume. */
  readonly waitMs: number;
}

interface OverRow {
  readonly workload_id: string;
  readonly gpus: number;
  readonly resume: boolean;
}

/**
 * W-99, W-105: tells everybody that it is over. Who moved or stayed hears it at once; what the event paused resumes in order
 * of deadline at the zone's pace, one at a time, each by a normal placement of its own run.
 */
export async function stepOver({ database, temporal }: Pick<EventDeps, 'database' | 'temporal'>, event: EventRef, pageSize: number): Promise<OverStep> {
  const { at_once, next, wait_ms, untold } = await database.inSystem((em) => nextToTell(em, event, pageSize));
  const told = [...at_once, ...(next && wait_ms === 0 ? [next] : [])];
  await Promise.all(told.map(({ workload_id, resume }) => tellClosed(temporal, event, workload_id, resume)));
  if (told.length > 0)
    await database.inSystem((em) => rows(em, sql`
      update event_affected set told_over_at = clock_timestamp()
       where zone = ${event.zone} and event_id = ${event.eventId} and workload_id = any(${told.map(({ workload_id }) => workload_id)}::uuid[])`));
  return { untold: untold - told.length, waitMs: told.length > 0 ? 0 : wait_ms };
}

async function nextToTell(em: SqlEntityManager, { zone, eventId }: EventRef, pageSize: number) {
  const waiting = await rows(em, sql<OverRow & { answered: boolean }>`
    select workload_id, gpus, coalesce(answer = 'paused' and action is not null, false) as resume, answer is not null as answered
      from event_affected where zone = ${zone} and event_id = ${eventId} and told_over_at is null order by deadline nulls last, workload_id`);
  const next = waiting.find(({ resume }) => resume);
  const at_once = waiting.filter(({ resume, answered }) => answered && !resume).slice(0, pageSize);
  return { at_once, next, wait_ms: next ? await paceOf(em, zone, next) : 250, untold: waiting.length };
}

async function paceOf(em: SqlEntityManager, zone: string, next: OverRow): Promise<number> {
  const { now_ms, gpus } = await one(em, sql<{ now_ms: string; gpus: number }>`
    select round(extract(epoch from clock_timestamp()) * 1000) as now_ms, coalesce(sum(gpus), 0)::int as gpus from nodes where zone = ${zone} and state <> 'retired'`);
  const resumed = await rows(em, sql<{ gpus: number; at_ms: string }>`
    select gpus, round(extract(epoch from told_over_at) * 1000) as at_ms from event_affected
     where zone = ${zone} and answer = 'paused' and action is not null and told_over_at > clock_timestamp() - interval '10 minutes'`);
  return resumeWaitMs(resumed.map((row) => ({ gpus: row.gpus, atMs: Number(row.at_ms) })), next, gpus, Number(now_ms));
}

/** Queued work may fit now that the zone takes placements again: as much of it as there are free GPUs looks again at once. */
export async function wakeQueued({ database, temporal }: Pick<EventDeps, 'database' | 'temporal'>, event: EventRef): Promise<void> {
  const woken = await database.inSystem(async (em) => {
    if ((await readEvent(em, event)).kind !== 'shed') return [];
    const { free } = await one(em, sql<{ free: number }>`select coalesce(sum(gpus - gpus_reserved), 0)::int as free from nodes where zone = ${event.zone} and state = 'online'`);
    const queued = await rows(em, sql<{ workload_id: string; gpus: number }>`
      select workload_id, gpus from workload_directory where state = 'queued' and gpus <= ${free} order by deadline nulls last, created_at, workload_id limit ${Math.max(0, free)}`);
    let left = free;
    return queued.filter(({ gpus }) => gpus <= left && (left -= gpus) >= 0);
  });
  await Promise.all(woken.map(({ workload_id }) => tellClosed(temporal, event, workload_id, true)));
}
