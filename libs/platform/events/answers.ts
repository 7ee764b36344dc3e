import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/** C-6: what the detail of a grid event shows for each answer. */
export interface ShownAnswer {
  readonly workload_id: string;
  readonly answer: string;
  readonly reason: string | null;
  readonly decision_id: string | null;
  readonly kw_before: string | null;
  readonly kw_after: string | null;
  readonly answered_at: string;
}

type AnswerRow = ShownAnswer;

/** The transaction's organisation's own answers: who else moved is nobody's business (W-180). */
export const ownAnswers = async (em: SqlEntityManager, zone: string, eventId: string): Promise<ShownAnswer[]> =>
  (await rows(em, sql<AnswerRow>`
    select workload_id, answer, reason, decision_id, kw_before, kw_after, answered_at from event_answers
     where zone = ${zone} and event_id = ${eventId} and answer is not null order by answered_at, workload_id limit 1000`)).map(shown);

/** Of all organisations: for the operator only. */
export const allAnswers = async (em: SqlEntityManager, zone: string, eventId: string): Promise<ShownAnswer[]> =>
  (await rows(em, sql<AnswerRow>`
    select workload_id, answer, reason, decision_id, (power_w::numeric / 1000)::numeric(12, 3) as kw_before, kw_after, answered_at from event_affected
     where zone = ${zone} and event_id = ${eventId} and answer is not null order by answered_at, workload_id limit 1000`)).map(shown);

const shown = (row: AnswerRow): ShownAnswer => ({ ...row, answered_at: new Date(row.answered_at).toISOString() });
