import { sql } from 'kysely';
import { recordAnswer } from '#platform/events/record-answer';
import { rows, type Database } from '#platform/db/in-org';
import type { DecidedAction, EventRef } from '#workflows/workloads/workload.messages';

export type AnsweringActivities = ReturnType<typeof createAnsweringActivities>;

const ANSWER = { move: 'moved', pause: 'paused', start: 'started', keep: 'kept' } as const;

/** What a workload's run does about an event, without a node: rows and reservations change as they really would. */
export function createAnsweringActivities({ inOrg }: Database) {
  return {
    answerEvent: (orgId: string, workloadId: string, { zone, eventId, decisionId, action, target }: EventRef & DecidedAction): Promise<void> =>
      inOrg(orgId, async (em) => {
        const changed = await rows(em, sql<{ old_segment: number }>`
          update workloads w set state = ${action === 'pause' ? 'paused' : 'running'}, reason = ${action === 'pause' ? 'shed' : null}, segment = ${target?.segment ?? sql`w.segment`},
                 node_id = ${target?.nodeId ?? sql`w.node_id`}, zone = ${target?.zone ?? sql`w.zone`}, moves_used = w.moves_used + ${action === 'move' ? 1 : 0}
            from (select id, segment as old_segment from workloads where id = ${workloadId} for update) before
           where w.id = before.id and not exists (select from event_answers a where a.zone = ${zone} and a.event_id = ${eventId} and a.workload_id = w.id)
          returning before.old_segment`);
        if (changed.length === 0) return;
        const { old_segment } = changed[0]!;
        if (action === 'move' || action === 'pause') {
          await rows(em, sql`update segments set ended_at = clock_timestamp(), end_reason = ${ANSWER[action]} where workload_id = ${workloadId} and segment = ${old_segment}`);
          await rows(em, sql`
            with gone as (delete from reservations where workload_id = ${workloadId} and segment = ${old_segment} returning node_id, gpus)
            update nodes n set gpus_reserved = n.gpus_reserved - gone.gpus from gone where n.id = gone.node_id`);
        }
        if (target) {
          await rows(em, sql`update segments set started_at = clock_timestamp() where workload_id = ${workloadId} and segment = ${target.segment}`);
          await rows(em, sql`update reservations set expires_at = null where workload_id = ${workloadId} and segment = ${target.segment}`);
        }
        await recordAnswer(em, { zone, eventId, workloadId, orgId, answer: ANSWER[action], reason: action, decisionId, kwAfter: 0 });
      }),

    resumeAfter: (orgId: string, workloadId: string): Promise<void> =>
      inOrg(orgId, async (em) => void (await rows(em, sql`update workloads set state = 'queued', reason = null, updated_at = clock_timestamp() where id = ${workloadId} and state = 'paused'`))),
  };
}
