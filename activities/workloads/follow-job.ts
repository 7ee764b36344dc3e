import { Context } from '@temporalio/activity';
import { sql } from 'kysely';
import { GPUS } from '#domain/fleet/gpus';
import { raiseAlert } from '#platform/alerts/raise';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { AgentJob } from '#platform/nodes/agent-answers';
import { NodeCallError } from '#platform/nodes/agent-client';
import { append } from '#platform/stream/append';
import { jobOf } from './ask-node.ts';
import { paceOf, type Limited, type OnNode, type WorkloadDeps } from './deps.ts';
import { free } from './free.ts';
import { failJob, finishJob, knownEnd, loseNode, type Followed } from './job-ends.ts';
import { keepCheckpoint } from './life.sql.ts';

/** So many polls of a stopped job that nobody of ours has stopped: then the node did. */
const STOPPED_POLLS = 3;

interface Watch {
  heardAt: number;
  nonsense: boolean;
  stoppedPolls: number;
  toldAt: number;
  checkpointId: string | null;
}

/**
 * W-92: asks the job every 2 s until it ends, its node is lost, or the segment is no longer in force. The end is written here, in one
 * transaction with what follows from it, so a second try finds it.
 */
export const createFollowJob = (deps: WorkloadDeps) => async (input: OnNode & Limited): Promise<Followed> => {
  const { database } = deps;
  const { pollMs, watchMs } = paceOf(deps);
  const inOrg = <T>(work: (em: SqlEntityManager) => Promise<T>) => database.inOrg(input.orgId, work);
  const watch: Watch = { heardAt: Date.now(), nonsense: false, stoppedPolls: 0, toldAt: 0, checkpointId: null };
  const known = await inOrg((em) => knownEnd(em, input));
  const until = Date.now() + watchMs;
  const follow = async (): Promise<Followed> => {
    for (;;) {
      const ended = await look(deps, input, watch, inOrg);
      if (ended) return ended;
      if (Date.now() > until || deps.stopping?.aborted) return { outcome: 'unchanged' };
      Context.current().heartbeat();
      await Context.current().sleep(pollMs);
    }
  };
  const followed = known ?? (await follow());
  if (followed.outcome !== 'unchanged') await free(database, input.workloadId, input.node.segment);
  return followed;
};

type InOrg = <T>(work: (em: SqlEntityManager) => Promise<T>) => Promise<T>;

async function look(deps: WorkloadDeps, input: OnNode, watch: Watch, inOrg: InOrg): Promise<Followed | undefined> {
  const { nodeLostAfterMs } = paceOf(deps);
  const job = await ask(deps, input, watch);
  if (job === 'gone') return inOrg((em) => loseNode(em, input, { reason: 'node_lost', heardAt: watch.heardAt, nonsense: false }));
  if (job === null) {
    if (Date.now() - watch.heardAt <= nodeLostAfterMs) return undefined;
    return inOrg((em) => loseNode(em, input, { reason: 'node_lost', heardAt: watch.heardAt, nonsense: watch.nonsense }));
  }
  watch.heardAt = Date.now();
  if (job.state === 'completed') return inOrg((em) => finishJob(em, input, job));
  if (job.state === 'failed') return inOrg((em) => failJob(em, input, job));
  watch.stoppedPolls = job.state === 'stopped' ? watch.stoppedPolls + 1 : 0;
  if (job.state !== 'stopped') return tellProgress(deps, input, watch, job, inOrg);
  const known = await inOrg((em) => knownEnd(em, input));
  if (known || watch.stoppedPolls < STOPPED_POLLS) return known;
  return inOrg(async (em) => {
    if (job.last_checkpoint) await keepCheckpoint(em, input.workloadId, job.last_checkpoint);
    return loseNode(em, input, { reason: 'stopped_by_node', heardAt: Date.parse(job.ended_at ?? job.started_at), nonsense: false });
  });
}

async function ask({ agents }: WorkloadDeps, input: OnNode, watch: Watch): Promise<AgentJob | 'gone' | null> {
  try {
    const answer = await agents.getJob(input.node.nodeId, jobOf(input));
    return answer.ok ? answer.value : 'gone';
  } catch (error) {
    if (!(error instanceof NodeCallError)) throw error;
    watch.nonsense = error.code === 'node_protocol_error';
    return null;
  }
}

/** A save is written at once, since a loss would go back to it; progress at most every 5 s (W-89). */
async function tellProgress(deps: WorkloadDeps, input: OnNode, watch: Watch, job: AgentJob, inOrg: InOrg): Promise<Followed | undefined> {
  const saved = job.last_checkpoint;
  const isNewSave = saved !== null && saved.id !== watch.checkpointId;
  const isTime = Date.now() - watch.toldAt >= paceOf(deps).progressEveryMs && job.units_done > 0;
  if (!isNewSave && !isTime) return undefined;
  const late = await inOrg((em) => writeProgress(em, input, job, isTime));
  if (isTime) watch.toldAt = Date.now();
  watch.checkpointId = saved?.id ?? null;
  return late;
}

interface Progress {
  readonly units_done: string;
  readonly units_total: string;
  readonly eta: string | null;
  readonly deadline: string | null;
  readonly late: boolean;
  readonly hard: boolean;
  readonly at_risk: boolean;
}

/** Only while this segment is in force, and never less than was shown (W-75). A hard deadline that has passed ends the work. */
async function writeProgress(em: SqlEntityManager, { orgId, workloadId, node }: OnNode, job: AgentJob, tell: boolean): Promise<Followed | undefined> {
  if (job.last_checkpoint) await keepCheckpoint(em, workloadId, job.last_checkpoint);
  const [row] = await rows(em, sql<Progress>`
    update workloads w set units_done = least(w.units_total, greatest(w.units_done, ${job.units_done}::bigint)), updated_at = clock_timestamp(),
           eta = clock_timestamp() + make_interval(secs => greatest(0, w.units_total - ${job.units_done}::bigint)::float8 / (s.speed * w.gpus))
      from (select ${speeds()} * g.time_scale / 1000.0 as speed from segments g join nodes n on n.id = g.node_id where g.workload_id = ${workloadId} and g.segment = ${node.segment}) s
     where w.id = ${workloadId} and w.segment = ${node.segment} and w.state in ('running', 'checkpointing', 'moving')
    returning w.units_done, w.units_total, w.eta, w.deadline, w.deadline < clock_timestamp() as late, (w.spec -> 'schedule' ->> 'hard_deadline')::boolean as hard, w.deadline < w.eta as at_risk`);
  if (!row) return undefined;
  if (tell) await append(em, orgId, 'workload.progress', { workload_id: workloadId, units_done: Number(row.units_done), units_total: Number(row.units_total), segment: node.segment, eta: row.eta && new Date(row.eta).toISOString() }, workloadId);
  if (row.late && row.hard) return { outcome: 'overdue', reason: 'deadline_missed' };
  if (row.at_risk) await warnOfDeadline(em, orgId, workloadId);
  return undefined;
}

/** H100-seconds a second of each GPU model, as thousandths. */
const speeds = () => sql`(case n.gpu_model ${sql.join(Object.entries(GPUS).map(([model, { speedE3 }]) => sql`when ${model} then ${speedE3}::int`), sql` `)} else 1000 end)`;

async function warnOfDeadline(em: SqlEntityManager, orgId: string, workloadId: string): Promise<void> {
  const dedupKey = `workload.deadline_risk/${workloadId}`;
  const [known] = await rows(em, sql`select from alerts where dedup_key = ${dedupKey} and state <> 'resolved'`);
  if (!known) await raiseAlert(em, orgId, { kind: 'workload.deadline_risk', title: 'Work is expected to end after its deadline', subject: workloadId, dedupKey, body: 'At its present pace the work ends too late. Reroute it to a faster node, or extend what waits for it.' });
}
