import { sql } from 'kysely';
import type { EndReason } from '#domain/workload/states';
import type { SqlEntityManager } from '#platform/db/in-org';
import type { AgentJob } from '#platform/nodes/agent-answers';
import { append } from '#platform/stream/append';
import type { OnNode } from './deps.ts';
import { endOfSegment, endSegment, keepCheckpoint, lockWorkload, NOWHERE, writeState } from './life.sql.ts';
import { loadAsk } from './work.sql.ts';

/** How the job on the present node went, as the activity that watches it says. */
export type Followed =
  | { readonly outcome: 'completed' }
  /** Placed anew from its last checkpoint: the node is lost, or the job failed and may try again. */
  | { readonly outcome: 'displaced' }
  | { readonly outcome: 'ended'; readonly reason: EndReason }
  /** The job still runs, but must not any longer. */
  | { readonly outcome: 'overdue'; readonly reason: EndReason }
  /** Another segment is in force, or the activity's time was up: nothing happened to the job. */
  | { readonly outcome: 'superseded' | 'unchanged' };

/** W-90. */
const MOST_NODE_LOSSES = 10;
const RESULT_KEPT_MS = 24 * 3_600_000;
const ON_A_NODE: readonly string[] = Object.freeze(['running', 'checkpointing', 'moving']);

/** What an earlier try, or another activity, has made of the segment; undefined while it is open and the work on its node. */
export async function knownEnd(em: SqlEntityManager, { workloadId, node }: OnNode): Promise<Followed | undefined> {
  const { state, reason, segment } = await lockWorkload(em, workloadId);
  const ended = await endOfSegment(em, workloadId, node.segment);
  if (ended === undefined) return ON_A_NODE.includes(state) && segment === node.segment ? undefined : { outcome: 'superseded' };
  if (ended === 'finished') return { outcome: 'completed' };
  if (!['node_lost', 'job_error', 'stopped_by_node', 'drained', 'quarantined'].includes(ended) || segment !== node.segment) return { outcome: 'superseded' };
  return state === 'placing' || state === 'queued' ? { outcome: 'displaced' } : { outcome: 'ended', reason: reason as EndReason };
}

/** All units done: one result, and the books can be written. */
export async function finishJob(em: SqlEntityManager, on: OnNode, job: AgentJob): Promise<Followed> {
  const known = await knownEnd(em, on);
  if (known) return known;
  await writeFinished(em, on, job);
  return { outcome: 'completed' };
}

/** For whoever holds the workload's lock: the job was quicker than what was wanted of it. */
export async function writeFinished(em: SqlEntityManager, { orgId, workloadId, node }: OnNode, job: AgentJob): Promise<void> {
  const result = job.result && { ...job.result, expires_at: new Date(Date.parse(job.ended_at ?? job.started_at) + RESULT_KEPT_MS).toISOString() };
  await writeState(em, { orgId, workloadId }, 'settling', 'finished', sql`units_done = units_total, result = ${JSON.stringify(result)}::jsonb, eta = null, power_w = 0, version = version + 1`);
  await endSegment(em, workloadId, { segment: node.segment, reason: 'finished', at: job.ended_at });
}

/** The job failed: it tries again from its last checkpoint, or has no retry left. */
export async function failJob(em: SqlEntityManager, on: OnNode, job: AgentJob): Promise<Followed> {
  const known = await knownEnd(em, on);
  if (known) return known;
  const { jobErrors, spec } = await loadAsk(em, on.workloadId);
  if (job.last_checkpoint) await keepCheckpoint(em, on.workloadId, job.last_checkpoint);
  const corrupt = job.error?.code === 'checkpoint_corrupt';
  await endSegment(em, on.workloadId, { segment: on.node.segment, reason: 'job_error', at: job.ended_at });
  if (!corrupt && jobErrors < spec.retries) return displace(em, on, 'job_error', sql`job_errors = job_errors + 1`);
  return endWork(em, on, corrupt ? 'checkpoint_corrupt' : 'job_error');
}

/**
 * W-30: the node is silent, has forgotten the job, stopped it by itself, or is not believed any more. What was done since the last checkpoint is lost, shown
 * so, and not billed.
 */
export async function loseNode(em: SqlEntityManager, on: OnNode, why: { readonly reason: 'node_lost' | 'stopped_by_node' | 'quarantined'; readonly heardAt: number; readonly nonsense: boolean }): Promise<Followed> {
  const known = await knownEnd(em, on);
  if (known) return known;
  const { checkpoint, nodeLosses, unitsDone } = await loadAsk(em, on.workloadId);
  const saved = checkpoint?.units_done ?? 0;
  // A checkpoint from before this segment leaves nothing of it to bill.
  await endSegment(em, on.workloadId, { segment: on.node.segment, reason: why.reason, at: new Date(why.heardAt).toISOString(), billedUntil: checkpoint?.at ?? new Date(0).toISOString() });
  await append(em, on.orgId, 'workload.progress', { workload_id: on.workloadId, units_done: saved, units_lost: Math.max(0, unitsDone - saved), reason: why.reason }, on.workloadId);
  if (nodeLosses + 1 >= MOST_NODE_LOSSES) return endWork(em, on, why.nonsense ? 'node_protocol_error' : 'attempts_exhausted');
  return displace(em, on, why.reason, sql`node_losses = node_losses + 1, units_done = ${saved}`);
}

async function displace(em: SqlEntityManager, on: OnNode, reason: string, also: ReturnType<typeof sql>): Promise<Followed> {
  await writeState(em, on, 'placing', reason, sql`${also}, ${NOWHERE}`);
  return { outcome: 'displaced' };
}

async function endWork(em: SqlEntityManager, on: OnNode, reason: EndReason): Promise<Followed> {
  await writeState(em, on, 'settling', reason, sql`eta = null, power_w = 0, version = version + 1`);
  return { outcome: 'ended', reason };
}
