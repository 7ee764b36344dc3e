import { sql } from 'kysely';
import { resolveAlert } from '#platform/alerts/raise';
import { one, rows } from '#platform/db/in-org';
import { recordAnswer } from '#platform/events/record-answer';
import { append } from '#platform/stream/append';
import type { EventRef } from '#workflows/workloads/workload.messages';
import type { Ref, WorkloadDeps } from './deps.ts';

export interface Amendment extends Ref {
  readonly labels?: Readonly<Record<string, string>>;
  /** Limits in the ledger's integers, whole, with `on_exhausted`. */
  readonly budget?: Readonly<Record<string, unknown>>;
}

export const createCommands = ({ database }: WorkloadDeps) => ({
  /** Writes what a customer may change while it runs. New limits forget that old ones were reached: the next report says where they stand. */
  async amend({ orgId, workloadId, labels, budget }: Amendment): Promise<void> {
    await database.inOrg(orgId, async (em) => {
      if (labels) await rows(em, sql`update workloads set labels = ${JSON.stringify(labels)}::jsonb, version = version + 1, updated_at = clock_timestamp() where id = ${workloadId}`);
      if (!budget) return;
      const { on_exhausted, ...limits } = budget;
      await rows(em, sql`
        update workloads set budget = ${JSON.stringify(limits)}::jsonb, on_exhausted = coalesce(${(on_exhausted as string | undefined) ?? null}, on_exhausted),
               budget_alerted_at = null, budget_exhausted_at = null, version = version + 1, updated_at = clock_timestamp()
         where id = ${workloadId}`);
      for (const kind of ['workload.budget_80', 'workload.budget_100']) await resolveAlert(em, orgId, `${kind}/${workloadId}`);
      await append(em, orgId, 'workload.budget', { workload_id: workloadId, limits }, workloadId);
    });
  },

  /** W-104: once for each event, whatever is said again; the power that the work still draws in the event's zone goes with it. */
  async answerEvent({ orgId, workloadId, event, decisionId, answer }: Ref & { readonly event: EventRef; readonly decisionId: string; readonly answer: EventAnswer }): Promise<void> {
    await database.inOrg(orgId, async (em) => {
      const { power_w, zone, reason } = await one(em, sql<{ power_w: number; zone: string | null; reason: string | null }>`select power_w, zone, reason from workloads where id = ${workloadId}`);
      const why = answer === 'kept' ? 'rolled_back' : answer === 'refused' ? 'not_possible_now' : answer === 'paused' ? reason : null;
      await recordAnswer(em, { ...event, orgId, workloadId, decisionId, answer, reason: why, kwAfter: zone === event.zone ? power_w / 1_000 : 0 });
    });
  },
});

export type EventAnswer = 'moved' | 'paused' | 'started' | 'kept' | 'finished' | 'refused';
