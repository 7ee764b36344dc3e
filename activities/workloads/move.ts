import { sql } from 'kysely';
import { rows } from '#platform/db/in-org';
import type { TargetSegment } from '#workflows/workloads/workload.messages';
import { paceOf, type OnNode, type WorkloadDeps } from './deps.ts';
import { askJob, awaitJob, deleteJob, hasEnded, jobOf, unlessSilent } from './ask-node.ts';
import { free } from './free.ts';
import { endSegment, keepCheckpoint, lockWorkload, writeState } from './life.sql.ts';
import { renewHold } from './reservations.sql.ts';
import { loadAsk } from './work.sql.ts';

const SAVE_WITHIN_MS = 8 * 60_000;

export const createMove = (deps: WorkloadDeps) => {
  const { database, agents } = deps;
  const pace = paceOf(deps);
  return {
    /** W-75's first step: a save of now, its hash known, while the job goes on. Work that cannot be saved starts anew and needs none. */
    async checkpointSource(input: OnNode & { readonly target: TargetSegment }): Promise<'saved' | 'not_saved'> {
      const work = await database.inOrg(input.orgId, async (em) => {
        const { state } = await lockWorkload(em, input.workloadId);
        if (state === 'running') await writeState(em, input, 'checkpointing', null);
        // A large save takes longer than a reservation lasts; the target waits for it.
        await renewHold(em, input.workloadId, input.target.segment, SAVE_WITHIN_MS / 1_000);
        return loadAsk(em, input.workloadId);
      });
      if (!work.spec.checkpoint.supported) return 'saved';
      const before = await askJob(deps, input);
      if (before === null || before === 'gone' || hasEnded(before)) return 'not_saved';
      const answer = await unlessSilent(agents.checkpoint(input.node.nodeId, jobOf(input), input.node.fence, 'move'));
      if (!answer?.ok) return 'not_saved';
      const isSaved = (at: string | undefined) => at !== undefined && at !== before.last_checkpoint?.at;
      const job = await awaitJob(deps, input, pace, SAVE_WITHIN_MS, (one) => hasEnded(one) || isSaved(one.last_checkpoint?.at));
      if (typeof job === 'string' || !isSaved(job.last_checkpoint?.at)) return 'not_saved';
      await database.inOrg(input.orgId, (em) => keepCheckpoint(em, input.workloadId, job.last_checkpoint!));
      return hasEnded(job) ? 'not_saved' : 'saved';
    },

    /** Undo of a move that did not come to its end: the target never ran, the source goes on (W-75, `rolled_back`). */
    async dropTarget(input: OnNode & { readonly goesOn: boolean }): Promise<void> {
      const dropped = await database.inOrg(input.orgId, async (em) => {
        const { state } = await lockWorkload(em, input.workloadId);
        const [target] = await rows(em, sql<{ started: boolean }>`select started_at is not null as started from segments where workload_id = ${input.workloadId} and segment = ${input.node.segment}`);
        if (target?.started) return false;
        await endSegment(em, input.workloadId, { segment: input.node.segment, reason: 'not_started' });
        if (input.goesOn && (state === 'checkpointing' || state === 'moving')) await writeState(em, input, 'running', null);
        return true;
      });
      if (!dropped) return;
      await deleteJob(deps, input, pace);
      await free(database, input.workloadId, input.node.segment);
    },

    /** W-75's last step. A source that does not answer keeps nothing: its fence is superseded. */
    async stopSource(input: OnNode): Promise<void> {
      await deleteJob(deps, input, pace);
      await free(database, input.workloadId, input.node.segment);
    },
  };
};
