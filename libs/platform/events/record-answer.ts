import { sql } from 'kysely';
import type { Answer } from '#domain/incident/answers';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

export interface EventAnswer {
  readonly zone: string;
  readonly eventId: string;
  readonly workloadId: string;
  readonly orgId: string;
  readonly answer: Answer;
  /** Why, as a code: for `kept` always. */
  readonly reason: string | null;
  readonly decisionId: string | null;
  /** What the workload draws in the event's zone afterwards; null where nobody knows. */
  readonly kwAfter: number | null;
}

/**
 * Writes what a workload did about an event, once: a later answer changes nothing, except that a real one replaces
 * `no_answer`. The transaction must be bound to `orgId`.
 * @returns false where it was already answered, or where the event never asked this workload
 */
export async function recordAnswer(em: SqlEntityManager, { zone, eventId, workloadId, orgId, answer, reason, decisionId, kwAfter }: EventAnswer): Promise<boolean> {
  const [asked] = await rows(em, sql<{ power_w: number; signalled_at: string | null; asked_again_at: string | null; decision_id: string | null }>`
    update event_affected set answer = ${answer}, reason = ${reason}, decision_id = coalesce(${decisionId}::uuid, decision_id), kw_after = ${kwAfter}, answered_at = clock_timestamp()
     where zone = ${zone} and event_id = ${eventId} and workload_id = ${workloadId} and org_id = ${orgId}
       and (answer is null or (answer = 'no_answer' and ${answer} <> 'no_answer'))
    returning power_w, signalled_at, asked_again_at, decision_id`);
  if (!asked) return false;
  await rows(em, sql`
    insert into event_answers (org_id, zone, event_id, workload_id, answer, reason, decision_id, kw_before, kw_after, signalled_at, asked_again_at, answered_at)
    values (${orgId}, ${zone}, ${eventId}, ${workloadId}, ${answer}, ${reason}, ${asked.decision_id}, ${asked.power_w}::numeric / 1000, ${kwAfter}, ${asked.signalled_at}, ${asked.asked_again_at}, clock_timestamp())
    on conflict (org_id, zone, event_id, workload_id) do update set answer = excluded.answer, reason = excluded.reason, decision_id = excluded.decision_id,
      kw_after = excluded.kw_after, signalled_at = excluded.signalled_at, asked_again_at = excluded.asked_again_at, answered_at = excluded.answered_at`);
  return true;
}
