import { Context } from '@temporalio/activity';
import { sql } from 'kysely';
import { reconsider } from '#domain/routing/reconsider';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { decided, workloadWorkflowId, type DecidedAction } from '#workflows/workloads/workload.messages';
import { commitDecision, onePageAtATime } from './decide.ts';
import type { WorkloadDeps } from './deps.ts';
import { loadFleet } from './fleet.ts';
import { releaseExpired } from './reservations.sql.ts';
import { loadAsk } from './work.sql.ts';

const PAGE = 200;
const SOURCE_HOUR_S = 3_600;

export interface ReviewInput {
  readonly zone: string;
  /** RFC 3339: an interval is reviewed once, however often it is asked for. */
  readonly intervalStart: string;
}
interface Mover extends DecidedAction {
  readonly workloadId: string;
}

/**
 * W-68: the interval's look at all running work of a zone, a page in one transaction. Moves are stored whole, reserved and told to
 * their runs; of the rest one `keep` a source hour is stored and the others are counted.
 */
export const createReview = (deps: WorkloadDeps) => async (input: ReviewInput): Promise<{ readonly reviewed: number; readonly moves: number }> => {
  const { database, temporal } = deps;
  await database.inSystem((em) => releaseExpired(em));
  let [reviewed, moves] = [0, 0];
  for (;;) {
    const page = await database.inSystem((em, actAs) => reviewPage(deps, em, actAs, input));
    for (const { workloadId, ...action } of page.movers) await temporal.workflow.getHandle(workloadWorkflowId(workloadId)).signal(decided, action);
    reviewed += page.count;
    moves += page.movers.length;
    if (page.count < PAGE) return { reviewed, moves };
    Context.current().heartbeat();
  }
};

/** An open event asks its affected work itself (W-101): until it has the answer, the review does not decide the same twice. */
const isAskedByAnEvent = sql`exists (
  select from grid_events e where e.zone = d.zone and e.open and e.kind in ('shed', 'carbon-spike', 'price-spike')
     and not exists (select from event_affected a where a.zone = e.zone and a.event_id = e.id and a.workload_id = d.workload_id and a.answer is not null))`;

async function reviewPage(deps: WorkloadDeps, em: SqlEntityManager, actAs: (orgId: string) => Promise<void>, { zone, intervalStart }: ReviewInput): Promise<{ count: number; movers: Mover[] }> {
  await onePageAtATime(em);
  const page = await rows(em, sql<{ workload_id: string; org_id: string }>`
    update workload_directory set last_reviewed_interval = ${intervalStart} where workload_id in (
      select workload_id from workload_directory d where zone = ${zone} and state = 'running' and (last_reviewed_interval is null or last_reviewed_interval < ${intervalStart})
         and not ${isAskedByAnEvent}
       order by workload_id limit ${PAGE} for update skip locked)
    returning workload_id, org_id`);
  const fleet = page.length > 0 ? await loadFleet(em, deps.routing) : null;
  const movers: Mover[] = [];
  for (const { workload_id: workloadId, org_id: orgId } of page.toSorted((a, b) => (a.workload_id < b.workload_id ? -1 : 1))) {
    await actAs(orgId);
    const work = await loadAsk(em, workloadId);
    if (work.state !== 'running') continue;
    const isKeepDue = await keepIsDue(em, workloadId, deps.routing.nodeSecondsPerSecond);
    const { outcome, decisionId, target } = await commitDecision(em, fleet!, work, reconsider, { trigger: 'interval', store: ({ outcome: { do: what } }) => what !== 'keep' || isKeepDue });
    if (target && decisionId) movers.push({ workloadId, decisionId, action: 'move', target });
    else if (outcome === 'keep' && !isKeepDue) await rows(em, sql`update workload_directory set keeps = keeps + 1 where workload_id = ${workloadId}`);
  }
  return { count: page.length, movers };
}

/** A little less than a source hour, so that jitter of the intervals does not skip one. */
async function keepIsDue(em: SqlEntityManager, workloadId: string, nodeSecondsPerSecond: number): Promise<boolean> {
  const recent = await rows(em, sql`
    select from decisions where workload_id = ${workloadId} and kind = 'keep' and decided_at > clock_timestamp() - make_interval(secs => ${(0.9 * SOURCE_HOUR_S) / nodeSecondsPerSecond}::float8) limit 1`);
  return recent.length === 0;
}
