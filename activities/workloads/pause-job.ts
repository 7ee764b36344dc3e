import { sql } from 'kysely';
import type { EndReason, PauseReason } from '#domain/workload/states';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { AgentJob } from '#platform/nodes/agent-answers';
import { awaitJob, deleteJob, hasEnded, jobOf, unlessSilent } from './ask-node.ts';
import { paceOf, type OnNode, type Ref, type WorkloadDeps } from './deps.ts';
import { free } from './free.ts';
import { failJob, finishJob, knownEnd, loseNode } from './job-ends.ts';
import { endOfSegment, endSegment, keepCheckpoint, NOWHERE, writeState } from './life.sql.ts';

export type RestReason = PauseReason | 'drain' | 'quarantine';

export type Rested =
  | { readonly outcome: 'paused' | 'displaced' | 'unchanged' }
  | { readonly outcome: 'ended'; readonly reason: EndReason };

const SAVE_WITHIN_MS = 8 * 60_000;

/**
 * Saves the job and frees its GPUs: the segment ends with the checkpoint of the pause. `drain` looks for another node at once;
 * `quarantine` too, from the save before; `budget` follows the order's word, pause or stop, unless the limit was raised meanwhile.
 */
export const createPauseJob = (deps: WorkloadDeps) => async ({ segment, reason, ...ref }: Ref & { readonly segment: number; readonly reason: RestReason }): Promise<Rested> => {
  const { database, agents } = deps;
  const pace = paceOf(deps);
  const inOrg = <T>(work: (em: SqlEntityManager) => Promise<T>) => database.inOrg(ref.orgId, work);
  const begun = await inOrg((em) => begin(em, ref, segment, reason));
  if ('outcome' in begun) return begun;
  const on = begun;
  const beganAt = Date.now();
  if (reason === 'quarantine') return abandon(deps, on, beganAt);
  await unlessSilent(agents.pause(on.node.nodeId, jobOf(on), on.node.fence));
  const job = await awaitJob(deps, on, pace, SAVE_WITHIN_MS, hasEnded);
  const rested = await inOrg((em): Promise<Rested> => {
    if (typeof job === 'string') return loseNode(em, on, { reason: 'node_lost', heardAt: beganAt, nonsense: false }).then(toRested);
    if (job.state === 'completed') return finishJob(em, on, job).then(toRested);
    if (job.state === 'failed') return failJob(em, on, job).then(toRested);
    return writePause(em, on, job, reason);
  });
  if (rested.outcome !== 'unchanged') await free(database, ref.workloadId, segment);
  return rested;
};

/** A quarantined node is not asked to save anything: the work goes on from the last save before. */
async function abandon(deps: WorkloadDeps, on: OnNode, beganAt: number): Promise<Rested> {
  const rested = toRested(await deps.database.inOrg(on.orgId, (em) => loseNode(em, on, { reason: 'quarantined', heardAt: beganAt, nonsense: false })));
  await deleteJob(deps, on, paceOf(deps), 1);
  await free(deps.database, on.workloadId, on.node.segment);
  return rested;
}

interface Row {
  readonly fence: number;
  readonly node_id: string;
  readonly zone: string;
  readonly exhausted: boolean;
  readonly on_exhausted: 'pause' | 'stop';
}

async function begin(em: SqlEntityManager, ref: Ref, segment: number, reason: RestReason): Promise<OnNode | Rested> {
  const [row] = await rows(em, sql<Row>`
    select s.fence, s.node_id, s.zone, w.budget_exhausted_at is not null as exhausted, w.on_exhausted
      from segments s join workloads w on w.id = s.workload_id where s.workload_id = ${ref.workloadId} and s.segment = ${segment}`);
  const on = { ...ref, node: { segment, fence: row!.fence, nodeId: row!.node_id, zone: row!.zone } };
  const ended = await endOfSegment(em, ref.workloadId, segment);
  if (ended === 'paused') return { outcome: 'paused' };
  const known = await knownEnd(em, on);
  if (known) return toRested(known);
  if (reason === 'budget' && !row!.exhausted) return { outcome: 'unchanged' };
  if (reason === 'budget' && row!.on_exhausted === 'stop') return { outcome: 'ended', reason: 'budget_exhausted' };
  return on;
}

function toRested(known: Awaited<ReturnType<typeof finishJob>>): Rested {
  if (known.outcome === 'completed') return { outcome: 'ended', reason: 'finished' };
  if (known.outcome === 'ended') return known;
  return { outcome: known.outcome === 'displaced' ? 'displaced' : 'unchanged' };
}

async function writePause(em: SqlEntityManager, on: OnNode, job: AgentJob, reason: Exclude<RestReason, 'quarantine'>): Promise<Rested> {
  const known = await knownEnd(em, on);
  if (known) return toRested(known);
  if (job.last_checkpoint) await keepCheckpoint(em, on.workloadId, job.last_checkpoint);
  const drains = reason === 'drain';
  await endSegment(em, on.workloadId, { segment: on.node.segment, reason: drains ? 'drained' : 'paused', at: job.ended_at });
  await writeState(em, on, drains ? 'placing' : 'paused', drains ? 'drained' : reason, NOWHERE);
  return { outcome: drains ? 'displaced' : 'paused' };
}
