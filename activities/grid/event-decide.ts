import { sql } from 'kysely';
import type { Answer } from '#domain/incident/answers';
import { answerShed } from '#domain/routing/leave';
import { place } from '#domain/routing/place';
import { reconsider } from '#domain/routing/reconsider';
import type { WorkAsk } from '#domain/routing/types';
import { isEnd } from '#domain/workload/states';
import { commitPage, onePageAtATime, type Asked, type Committed, type Decide } from '#activities/workloads/decide';
import { loadFleet } from '#activities/workloads/fleet';
import { loadPage, type Work } from '#activities/workloads/work.sql';
import { rows } from '#platform/db/in-org';
import { recordAnswer } from '#platform/events/record-answer';
import type { DecidedAction } from '#workflows/workloads/workload.messages';
import type { EventDeps, EventRef, SystemTx } from './event-deps.ts';
import { readEvent, type EventRow } from './event-rows.sql.ts';

interface AffectedRow {
  readonly position: string;
  readonly workload_id: string;
  readonly org_id: string;
  readonly power_w: number;
}

/**
 * Decides the next page of affected work in one transaction, each under its own organisation: decision, reservation and
 * what is to be told are stored together, so a second try finds nobody left to decide. Work in transit is left for later.
 * @returns the position to go on from, or null at the end of the list
 */
export async function decidePage({ em, actAs }: SystemTx, event: EventRef, routing: EventDeps['routing'], after: string, pageSize: number): Promise<string | null> {
  await onePageAtATime(em);
  const row = await readEvent(em, event);
  const page = await rows(em, sql<AffectedRow>`
    select position, workload_id, org_id, power_w from event_affected
     where zone = ${event.zone} and event_id = ${event.eventId} and answer is null and decision_id is null and position > ${after}
     order by position limit ${pageSize}`);
  if (page.length === 0) return null;
  const seen = (await loadPage({ em, actAs }, page)).map((work, n): Seen => ({ work, powerW: page[n]!.power_w, asked: askedOf(work, row.kind, event) }));
  const asked = seen.flatMap(({ asked: one }) => (one ? [one] : []));
  const committed = await commitPage({ em, actAs }, await loadFleet(em, routing), asked);
  const outcomes = new Map(asked.map(({ work }, n) => [work.workloadId, committed[n]!]));
  await answerAtOnce({ em, actAs }, event, row.kind, seen, outcomes);
  const decided = [...outcomes].flatMap(([workloadId, { decisionId, outcome, target }]) => {
    const action = ACTIONS[outcome];
    return action === null ? [] : [{ workloadId, decisionId, action, target }];
  });
  await rows(em, sql`
    update event_affected a set decision_id = d.decision_id, action = d.action, target = d.target
      from unnest(${decided.map(({ workloadId }) => workloadId)}::uuid[], ${decided.map(({ decisionId }) => decisionId)}::uuid[], ${decided.map(({ action }) => action)}::text[],
                  ${decided.map(({ target }) => (target ? JSON.stringify(target) : null))}::jsonb[]) as d (workload_id, decision_id, action, target)
     where a.zone = ${event.zone} and a.event_id = ${event.eventId} and a.workload_id = d.workload_id`);
  return page.length < pageSize ? null : page.at(-1)!.position;
}

/** A workload of the page; `asked` where there is something to decide for it. */
interface Seen {
  readonly work: Work;
  readonly powerW: number;
  readonly asked: Asked | null;
}

function askedOf(work: Work, kind: EventRow['kind'], event: EventRef): Asked | null {
  const runsHere = work.state === 'running' && (kind === 'absorb' || work.zone === event.zone);
  if (!runsHere && !(kind === 'absorb' && isWaiting(work))) return null;
  const [subject, decide] = howTo(work, kind, event);
  return { work: subject, decide, options: { trigger: `event:${event.eventId}`, event } };
}

const isWaiting = ({ state }: Work): boolean => state === 'waiting' || state === 'queued';

/** Who stays, and of whom nothing was to be decided any more, has answered with that; work in transit is left for the next round. */
async function answerAtOnce({ em, actAs }: SystemTx, event: EventRef, kind: EventRow['kind'], seen: readonly Seen[], outcomes: ReadonlyMap<string, Committed>): Promise<void> {
  for (const [orgId, those] of Map.groupBy(seen, ({ work }) => work.orgId)) {
    await actAs(orgId);
    for (const { work, powerW } of those) {
      const committed = outcomes.get(work.workloadId);
      const already = committed ? null : withoutUs(work, kind, event);
      const keeps = committed !== undefined && ACTIONS[committed.outcome] === 'keep';
      const found = keeps ? { answer: 'kept' as const, reason: committed.reason, decisionId: committed.decisionId } : already;
      if (found) await recordAnswer(em, { ...event, ...found, workloadId: work.workloadId, orgId, kwAfter: keeps && !isWaiting(work) ? powerW / 1_000 : 0 });
    }
  }
}

/** `overtaken`: somebody else has just decided; what came of it is seen in the next round. */
const ACTIONS: Readonly<Record<Committed['outcome'], DecidedAction['action'] | null>> = {
  move: 'move', place: 'start', pause: 'pause', keep: 'keep', wait: 'keep', queue: 'keep', overtaken: null,
};

/** W-101, W-74: a shed is left without threshold, gain and plan; the others decide by W-69, and a surplus starts what waits. */
function howTo(work: Work, kind: EventRow['kind'], event: EventRef): [Work, Decide] {
  if (kind === 'shed') return [work, (input) => answerShed({ ...input, cause: 'shed', counts: true })];
  if (work.state === 'running') return [work, (input) => reconsider({ ...input, kind: 'event' })];
  const here: WorkAsk = { ...work.ask, constraints: { ...work.ask.constraints, zones: [event.zone] } };
  return [{ ...work, ask: here }, (input) => place({ ...input, kind: 'event', mayWait: false, waiting: true })];
}

interface AlreadyDone {
  readonly answer: Answer;
  readonly reason: string;
  readonly decisionId: string | null;
}

/** What became of work that was picked, before this event could decide for it; null while it is in transit. */
function withoutUs({ state, zone, reason, lastDecisionId }: Work, kind: EventRow['kind'], event: EventRef): AlreadyDone | null {
  if (isEnd(state) || state === 'settling') return { answer: 'finished', reason: state, decisionId: null };
  if (state === 'paused') return { answer: 'paused', reason: reason ?? 'customer', decisionId: null };
  if (kind === 'absorb') return state === 'placing' ? { answer: 'started', reason: 'placed', decisionId: lastDecisionId } : null;
  if (state === 'running' && zone !== event.zone) return { answer: 'moved', reason: 'left_the_zone', decisionId: lastDecisionId };
  // Its node was lost meanwhile: it draws nothing here any more, and where it goes next is a placement of its own.
  if (state === 'queued' || state === 'waiting' || state === 'accepted') return { answer: 'kept', reason: 'left_the_node', decisionId: null };
  return null;
}
