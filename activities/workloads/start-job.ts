import { CancelledFailure, Context } from '@temporalio/activity';
import { sql } from 'kysely';
import { workloadPowerW } from '#domain/workload/power';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import type { AgentJob } from '#platform/nodes/agent-answers';
import type { JobRequest } from '#platform/nodes/agent-client';
import { loadOffers } from '#platform/workloads/offers';
import { append } from '#platform/stream/append';
import type { TargetSegment } from '#workflows/workloads/workload.messages';
import { awaitJob, deleteJob, jobOf, unlessSilent } from './ask-node.ts';
import { paceOf, type Limited, type OnNode, type WorkloadDeps } from './deps.ts';
import { free } from './free.ts';
import { endOfSegment, endSegment, lockWorkload, writeState } from './life.sql.ts';
import { holdWhileRunning, renewHold } from './reservations.sql.ts';
import { loadAsk, type SavedCheckpoint } from './work.sql.ts';

export type Started = 'running' | 'not_started';
export type StartInput = OnNode & Limited & {
  /** For a move: the segment that goes on until this one runs. */
  readonly source: TargetSegment | null;
};

/**
 * Starts the segment's job and waits until it runs, at most `startTimeoutMs` (W-75). Where that fails, or the workload was ended
 * meanwhile, the job is deleted and the segment closed as `not_started`: the undo lies in the same step, so no other must know of it.
 */
export const createStartJob = (deps: WorkloadDeps) => async (input: StartInput): Promise<Started> => {
  const { database, agents } = deps;
  const pace = paceOf(deps);
  const giveUp = async (): Promise<Started> => {
    await deleteJob(deps, input, pace);
    await database.inOrg(input.orgId, (em) => endSegment(em, input.workloadId, { segment: input.node.segment, reason: 'not_started' }));
    await free(database, input.workloadId, input.node.segment);
    return 'not_started';
  };
  const body = await database.inOrg(input.orgId, (em) => prepare(em, input));
  if (body === 'started') return 'running';
  if (body === null) return giveUp();
  try {
    const until = Date.now() + input.limits.startTimeoutMs;
    for (;;) {
      const answer = await unlessSilent(agents.putJob(input.node.nodeId, jobOf(input), body));
      if (answer?.ok) break;
      if (answer || Date.now() > until) return await giveUp();
      Context.current().heartbeat();
      await Context.current().sleep(pace.quickPollMs);
    }
    const job = await awaitJob(deps, input, pace, until - Date.now(), ({ state }) => state !== 'starting');
    if (typeof job === 'string' || !(await database.inOrg(input.orgId, (em) => markStarted(em, input, job)))) return await giveUp();
    return 'running';
  } catch (error) {
    // Nobody waits for it any more: what was begun is taken back at once.
    if (error instanceof CancelledFailure) await unlessSilent(agents.deleteJob(input.node.nodeId, jobOf(input), input.node.fence));
    throw error;
  }
};

/** Fixes what the job starts from, so that a repeated PUT has the same body (W-16). Null where the segment may not start any more. */
async function prepare(em: SqlEntityManager, { orgId, workloadId, node, source }: StartInput): Promise<JobRequest | 'started' | null> {
  const { state } = await lockWorkload(em, workloadId);
  if (await endOfSegment(em, workloadId, node.segment)) return null;
  const { spec, checkpoint, unitsTotal } = await loadAsk(em, workloadId);
  const [segment] = await rows(em, sql<{ restore: SavedCheckpoint | null; units_start: string; started: boolean }>`
    update segments set restore = coalesce(restore, ${JSON.stringify(checkpoint)}::jsonb), units_start = coalesce((coalesce(restore, ${JSON.stringify(checkpoint)}::jsonb) ->> 'units_done')::bigint, 0)
     where workload_id = ${workloadId} and segment = ${node.segment} returning restore, units_start, started_at is not null as started`);
  if (segment!.started) return 'started';
  if (!(await renewHold(em, workloadId, node.segment))) return null;
  if (source && state === 'checkpointing') await writeState(em, { orgId, workloadId }, 'moving', null);
  const { restore } = segment!;
  const size = Math.round(spec.checkpoint.size_gb * 1e9);
  return {
    fence: node.fence, workload_id: workloadId, segment: node.segment, kind: spec.kind, program: spec.program, gpu_count: spec.resources.gpu_count, gpu_memory_gb: spec.resources.gpu_memory_gb,
    units_total: unitsTotal, units_done: Number(segment!.units_start),
    restore: restore && { uri: restore.uri, sha256: restore.sha256, size_bytes: restore.size_bytes },
    checkpoint: spec.checkpoint.supported ? { interval_s: spec.checkpoint.interval_s, upload_uri: `wattbook://checkpoints/${workloadId}`, size_bytes: size } : null,
    limits: { max_seconds: null, max_mj: null }, nonce: `${workloadId}.${node.segment}.${node.fence}`,
  };
}

/** The segment is in force from here on. False where the workload ended, or its source did, while it was being started. */
async function markStarted(em: SqlEntityManager, { orgId, workloadId, node, source }: StartInput, job: AgentJob): Promise<boolean> {
  const { state } = await lockWorkload(em, workloadId);
  if (state !== (source ? 'moving' : 'placing') || (await endOfSegment(em, workloadId, node.segment))) return false;
  if (source && !(await endSegment(em, workloadId, { segment: source.segment, reason: 'moved' }))) return false;
  const { counts_as_move } = await one(em, sql<{ counts_as_move: boolean }>`
    update segments set started_at = least(clock_timestamp(), greatest(reserved_at, ${job.started_at}::timestamptz)) where workload_id = ${workloadId} and segment = ${node.segment}
    returning counts_as_move`);
  await holdWhileRunning(em, workloadId, node.segment);
  const offer = (await loadOffers(em)).find(({ id }) => id === node.nodeId);
  const { spec, gpus } = await loadAsk(em, workloadId);
  const power = offer ? workloadPowerW(offer, gpus, spec.kind) : 0;
  await writeState(em, { orgId, workloadId }, 'running', null, sql`
    node_id = ${node.nodeId}, zone = ${node.zone}, segment = ${node.segment}, fence = ${node.fence}, power_w = ${power}, version = version + 1,
    moves_used = moves_used + ${source && counts_as_move ? 1 : 0}, units_done = least(units_total, greatest(units_done, ${job.units_done}::bigint))`);
  if (source) await append(em, orgId, 'workload.moved', { workload_id: workloadId, from: source.zone, to: node.zone, node: offer?.slug ?? null, segment: node.segment, fence: node.fence }, workloadId);
  return true;
}
