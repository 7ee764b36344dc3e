import { Context } from '@temporalio/activity';
import type { AgentJob } from '#platform/nodes/agent-answers';
import { NodeCallError } from '#platform/nodes/agent-client';
import { jobIdOf } from '#platform/nodes/node-agents';
import type { OnNode, Pace, WorkloadDeps } from './deps.ts';

export const ENDED: readonly AgentJob['state'][] = Object.freeze(['completed', 'failed', 'stopped']);
export const hasEnded = ({ state }: AgentJob): boolean => ENDED.includes(state);
export const jobOf = ({ workloadId, node }: OnNode): string => jobIdOf(workloadId, node.segment);

/** Null where the node does not answer or answers nonsense: what that means is the caller's, by how long it lasts. */
export async function unlessSilent<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof NodeCallError) return null;
    throw error;
  }
}

/** The job as the node sees it now; `gone` where the node does not know it, null where it does not answer. */
export async function askJob({ agents }: WorkloadDeps, on: OnNode): Promise<AgentJob | 'gone' | null> {
  const answer = await unlessSilent(agents.getJob(on.node.nodeId, jobOf(on)));
  return answer && (answer.ok ? answer.value : 'gone');
}

/** Asks again and again until `enough`, the node is lost, or the time is up. Heartbeats, so that a cancellation is heard. */
export async function awaitJob(deps: WorkloadDeps, on: OnNode, { quickPollMs, nodeLostAfterMs }: Pace, withinMs: number, enough: (job: AgentJob) => boolean): Promise<AgentJob | 'gone' | 'silent' | 'late'> {
  const began = Date.now();
  let heardAt = began;
  for (;;) {
    const job = await askJob(deps, on);
    if (job === 'gone' || (job && enough(job))) return job;
    if (job) heardAt = Date.now();
    if (Date.now() - heardAt > nodeLostAfterMs) return 'silent';
    if (Date.now() - began > withinMs) return 'late';
    Context.current().heartbeat();
    await Context.current().sleep(quickPollMs);
  }
}

/** Tells the node to forget the job, for a while; what it does later runs under a superseded fence and counts for nothing (W-33). */
export async function deleteJob({ agents }: WorkloadDeps, on: OnNode, { quickPollMs }: Pace, tries = 3): Promise<boolean> {
  for (let i = 0; i < tries; i += 1) {
    const answer = await unlessSilent(agents.deleteJob(on.node.nodeId, jobOf(on), on.node.fence));
    if (answer?.ok || (answer && answer.code === 'fence_too_old')) return true;
    Context.current().heartbeat();
    await Context.current().sleep(quickPollMs);
  }
  return false;
}
