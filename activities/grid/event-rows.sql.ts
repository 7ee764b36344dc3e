import { sql } from 'kysely';
import type { GridEventKind } from '#domain/grid/event-rules';
import { ANSWERS, type Answer, type EventCounts } from '#domain/incident/answers';
import type { ShedTarget } from '#domain/incident/target';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import type { CloseCause } from '#workflows/grid/event.messages';
import type { EventRef } from './event-deps.ts';

export interface EventRow {
  readonly kind: GridEventKind;
  readonly start_at: string;
  readonly end_at: string | null;
  readonly target: (ShedTarget & { readonly flexible_w?: number }) | null;
  readonly zone_name: string;
  readonly alerted_org_ids: readonly string[];
  /** Why the grid closed it; null while it is open. */
  readonly closed: CloseCause | null;
}

export const readEvent = (em: SqlEntityManager, { zone, eventId }: EventRef): Promise<EventRow> =>
  one(em, sql<EventRow>`
    select e.kind, e.start_at, e.end_at, e.target, z.name as zone_name, e.alerted_org_ids,
           case when e.open then null else coalesce(e.evidence -> 'closed' ->> 'cause', 'condition_over') end as closed
      from grid_events e join zones z on z.key = e.zone where e.zone = ${zone} and e.id = ${eventId}`);

/** Puts those who change this event's list of affected work in line. */
export const lockEvent = (em: SqlEntityManager, { zone, eventId }: EventRef) =>
  rows(em, sql`select from grid_events where zone = ${zone} and id = ${eventId} for update`);

export async function countsOf(em: SqlEntityManager, { zone, eventId }: EventRef): Promise<EventCounts> {
  const found = await rows(em, sql<{ answer: Answer | null; affected: number; decided: number; signalled: number }>`
    select answer, count(*)::int as affected, count(decision_id)::int as decided, count(signalled_at)::int as signalled
      from event_affected where zone = ${zone} and event_id = ${eventId} group by answer`);
  const sum = (pick: (row: (typeof found)[number]) => number) => found.reduce((total, row) => total + pick(row), 0);
  const of = (answer: Answer | null) => found.find((row) => row.answer === answer)?.affected ?? 0;
  return {
    affected: sum((row) => row.affected),
    // Whoever has answered needs no decision any more, with one or without.
    decided: sum((row) => (row.answer === null ? row.decided : row.affected)),
    signalled: sum((row) => row.signalled),
    unanswered: of(null),
    answers: Object.fromEntries(ANSWERS.filter((answer) => of(answer) > 0).map((answer) => [answer, of(answer)])),
  };
}
