import { Context } from '@temporalio/activity';
import { sql } from 'kysely';
import { END_REASONS, type EndReason } from '#domain/workload/states';
import type { SqlEntityManager } from '#platform/db/in-org';
import type { AgentJob } from '#platform/nodes/agent-answers';
import { askJob, deleteJob, hasEnded } from './ask-node.ts';
import { paceOf, type OnNode, type Ref, type WorkloadDeps } from './deps.ts';
import { free } from './free.ts';
import { endSegment, keepCheckpoint, lockWorkload, openSegments, writeState, type OpenSegment } from './life.sql.ts';
import { writeFinished } from './job-ends.ts';

const REASONS: readonly string[] = Object.freeze(Object.values(END_REASONS).flat());

/**
 * Ends the work for a reason, unless an end was written before: the first one stands. The state changes first, then every job is
 * deleted wherever one may be. A job that turns out to be complete was quicker: then its end is the end (W-167).
 */
export const createStopJob = (deps: WorkloadDeps) => async ({ reason, ...ref }: Ref & { readonly reason: EndReason }): Promise<{ readonly reason: EndReason }> => {
  const { database } = deps;
  const begun = await database.inOrg(ref.orgId, (em) => beginEnd(em, ref, reason));
  const jobs: [OpenSegment, AgentJob | null][] = [];
  for (const open of begun.open) jobs.push([open, await stopped(deps, { ...ref, node: { segment: open.segment, fence: open.fence, nodeId: open.node_id, zone: '' } })]);
  const ended = await database.inOrg(ref.orgId, (em) => close(em, ref, begun.reason, jobs));
  await free(database, ref.workloadId);
  return { reason: ended };
};

async function beginEnd(em: SqlEntityManager, ref: Ref, reason: EndReason): Promise<{ reason: EndReason; open: OpenSegment[] }> {
  const before = await lockWorkload(em, ref.workloadId);
  const isOver = before.reason !== null && REASONS.includes(before.reason);
  if (!isOver) await writeState(em, ref, 'settling', reason, sql`eta = null, starts_by = null, exclusions = null, power_w = 0, version = version + 1`);
  return { reason: isOver ? (before.reason as EndReason) : reason, open: await openSegments(em, ref.workloadId) };
}

/** Deletes the job and sees it stopped, for at most `stopWithinMs`; null where it never was, or the node does not answer. */
async function stopped(deps: WorkloadDeps, on: OnNode): Promise<AgentJob | null> {
  const pace = paceOf(deps);
  const until = Date.now() + pace.stopWithinMs;
  for (;;) {
    const told = await deleteJob(deps, on, pace, 1);
    const job = await askJob(deps, on);
    if (job === 'gone' || (told && job && hasEnded(job))) return job === 'gone' ? null : job;
    if (Date.now() > until) return null;
    Context.current().heartbeat();
    await Context.current().sleep(pace.quickPollMs);
  }
}

async function close(em: SqlEntityManager, ref: Ref, reason: EndReason, jobs: readonly [OpenSegment, AgentJob | null][]): Promise<EndReason> {
  await lockWorkload(em, ref.workloadId);
  let end = reason;
  for (const [open, job] of jobs) {
    if (open.started && job?.state === 'completed') {
      await writeFinished(em, { ...ref, node: { segment: open.segment, fence: open.fence, nodeId: open.node_id, zone: '' } }, job);
      end = 'finished';
    } else {
      if (open.started && job?.last_checkpoint) await keepCheckpoint(em, ref.workloadId, job.last_checkpoint);
      await endSegment(em, ref.workloadId, { segment: open.segment, reason, at: job?.ended_at ?? null });
    }
  }
  return end;
}
