import { sql } from 'kysely';
import type { EventCounts } from '#domain/incident/answers';
import { windowStep, type WindowStep } from '#domain/incident/window';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { recordAnswer } from '#platform/events/record-answer';
import type { DecidedAction } from '#workflows/workloads/workload.messages';
import type { EventDeps, EventRef, SystemTx } from './event-deps.ts';
import { countsOf, readEvent } from './event-rows.sql.ts';
import { tellOpened } from './event-signals.ts';
import { raiseNoAnswer } from './event-states.ts';

export interface WindowLimits {
  readonly windowSize: number;
  readonly askAgainMs: number;
}

interface AskedRow {
  readonly workload_id: string;
  readonly org_id: string;
  readonly action: DecidedAction['action'];
  readonly decision_id: string;
  readonly target: DecidedAction['target'] | null;
  readonly signalled_ms: string | null;
  readonly again_ms: string | null;
}

/** What one look at the window found and did. */
export interface WindowLook {
  readonly counts: EventCounts;
  /** Decided and told, or to be told, without an answer. Work that is not decided yet is not waited for. */
  readonly asked: number;
  /** The grid says that it is over. */
  readonly closed: boolean;
}

/**
 * One step of W-103's sliding window: who has been silent twice is given up, then as many are told as there is room for.
 * A signal is sent before it is noted, so a crash between the two sends it again, which changes nothing.
 */
export async function stepWindow({ database, temporal }: Pick<EventDeps, 'database' | 'temporal'>, event: EventRef, limits: WindowLimits): Promise<WindowLook> {
  const { asked, step } = await database.inSystem(async (em, actAs) => {
    const { now_ms } = await one(em, sql<{ now_ms: string }>`select round(extract(epoch from clock_timestamp()) * 1000) as now_ms`);
    const found = await askedRows(em, event);
    const next = windowStep(found.map((row) => ({ workloadId: row.workload_id, signalledAtMs: ms(row.signalled_ms), askedAgainAtMs: ms(row.again_ms) })), Number(now_ms), limits);
    await giveUp({ em, actAs }, event, found.filter(({ workload_id }) => next.giveUp.includes(workload_id)));
    return { asked: found, step: next };
  });
  await send(temporal, database, event, asked, step);
  return database.inSystem(async (em) => {
    const { closed } = await readEvent(em, event);
    const counts = await countsOf(em, event);
    return { counts, asked: asked.length - step.giveUp.length, closed: closed !== null };
  });
}

/** Moves first: the GPUs that are reserved for them wait no longer than 60 s. */
const askedRows = (em: SqlEntityManager, { zone, eventId }: EventRef): Promise<AskedRow[]> =>
  rows(em, sql<AskedRow>`
    select workload_id, org_id, action, decision_id, target,
           round(extract(epoch from signalled_at) * 1000) as signalled_ms, round(extract(epoch from asked_again_at) * 1000) as again_ms
      from event_affected where zone = ${zone} and event_id = ${eventId} and answer is null and decision_id is not null
     order by action not in ('move', 'start'), position`);

async function giveUp({ em, actAs }: SystemTx, event: EventRef, silent: readonly AskedRow[]): Promise<void> {
  if (silent.length === 0) return;
  for (const { workload_id, org_id, decision_id } of silent) {
    await actAs(org_id);
    await recordAnswer(em, { ...event, workloadId: workload_id, orgId: org_id, answer: 'no_answer', reason: 'silent', decisionId: decision_id, kwAfter: null });
  }
  const { org_id: operator } = await one(em, sql<{ org_id: string | null }>`select platform_org_id() as org_id`);
  const told = new Set([...silent.map(({ org_id }) => org_id), ...(operator ? [operator] : [])]);
  await raiseNoAnswer({ em, actAs }, event, await readEvent(em, event), [...told]);
}

async function send(temporal: EventDeps['temporal'], database: EventDeps['database'], event: EventRef, asked: readonly AskedRow[], { tell, askAgain }: WindowStep): Promise<void> {
  if (tell.length + askAgain.length === 0) return;
  const chosen = asked.filter(({ workload_id }) => tell.includes(workload_id) || askAgain.includes(workload_id));
  const reached = await Promise.all(chosen.map((row) => tellOpened(temporal, event, row.workload_id, toDecided(row))));
  await database.inSystem(async (em, actAs) => {
    await rows(em, sql`
      update event_affected set asked_again_at = case when signalled_at is null then null else clock_timestamp() end, signalled_at = coalesce(signalled_at, clock_timestamp())
       where zone = ${event.zone} and event_id = ${event.eventId} and workload_id = any(${chosen.map(({ workload_id }) => workload_id)}::uuid[])`);
    for (const [n, { workload_id, org_id, decision_id }] of chosen.entries()) {
      if (reached[n]) continue;
      await actAs(org_id);
      await recordAnswer(em, { ...event, workloadId: workload_id, orgId: org_id, answer: 'finished', reason: 'run_ended', decisionId: decision_id, kwAfter: 0 });
    }
  });
}

const toDecided = ({ decision_id, action, target }: AskedRow): DecidedAction => ({ decisionId: decision_id, action, ...(target && { target }) });
const ms = (text: string | null): number | null => (text === null ? null : Number(text));
