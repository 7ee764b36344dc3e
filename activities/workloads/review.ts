import { Context } from '@temporalio/activity';
import { sql } from 'kysely';
import { reconsider } from '#domain/routing/reconsider';
import { rows } from '#platform/db/in-org';
import { decided, workloadWorkflowId, type DecidedAction } from '#workflows/workloads/workload.messages';
import { commitPage, onePageAtATime, type Committed } from './decide.ts';
import type { WorkloadDeps } from './deps.ts';
import { loadFleet } from './fleet.ts';
import { releaseExpired } from './reservations.sql.ts';
import { loadPage, type SystemTx } from './work.sql.ts';

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
    const page = await database.inSystem((em, actAs) => reviewPage(deps, { em, actAs }, input));
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

/**
 * The directory is read without locking it and written last: every change of a workload locks the workload and then its row of the
 * directory, and a page that held the rows first would wait for work that waits for it. Pages take turns, so none is read twice.
 */
async function reviewPage({ routing }: WorkloadDeps, tx: SystemTx, { zone, intervalStart }: ReviewInput): Promise<{ count: number; movers: Mover[] }> {
  const { em } = tx;
  await onePageAtATime(em);
  const page = await rows(em, sql<{ workload_id: string; org_id: string }>`
    select workload_id, org_id from workload_directory d where zone = ${zone} and state = 'running' and (last_reviewed_interval is null or last_reviewed_interval < ${intervalStart})
       and not ${isAskedByAnEvent}
     order by workload_id limit ${PAGE}`);
  if (page.length === 0) return { count: 0, movers: [] };
  const running = (await loadPage(tx, page)).filter(({ state }) => state === 'running');
  const due = await keepsDue(tx, page, routing.nodeSecondsPerSecond);
  const committed = await commitPage(tx, await loadFleet(em, routing), running.map((work) => (
    { work, decide: reconsider, options: { trigger: 'interval', store: ({ outcome }) => outcome.do !== 'keep' || due.has(work.workloadId) } })));
  const outcomes = running.map(({ workloadId }, n) => ({ workloadId, ...outcomeOf(committed[n]!) }));
  await rows(em, sql`
    update workload_directory d set last_reviewed_interval = ${intervalStart}, keeps = d.keeps + (d.workload_id = any(${outcomes.filter(({ counts }) => counts).map(({ workloadId }) => workloadId)}::uuid[]))::int
     where d.workload_id = any(${page.map(({ workload_id }) => workload_id)}::uuid[])`);
  return { count: page.length, movers: outcomes.flatMap(({ workloadId, move }) => (move ? [{ workloadId, ...move }] : [])) };
}

/** A keep that was not stored is counted. */
function outcomeOf({ outcome, decisionId, target }: Committed): { counts: boolean; move: DecidedAction | null } {
  return { counts: outcome === 'keep' && decisionId === null, move: target && decisionId ? { decisionId, action: 'move', target } : null };
}

/** Whose last `keep` is as good as a source hour old: a little less, so that jitter of the intervals does not skip one. */
async function keepsDue({ em, actAs }: SystemTx, page: readonly { workload_id: string; org_id: string }[], nodeSecondsPerSecond: number): Promise<Set<string>> {
  const due = new Set(page.map(({ workload_id }) => workload_id));
  for (const [orgId, those] of Map.groupBy(page, ({ org_id }) => org_id)) {
    await actAs(orgId);
    const recent = await rows(em, sql<{ workload_id: string }>`
      select distinct workload_id from decisions where workload_id = any(${those.map(({ workload_id }) => workload_id)}::uuid[]) and kind = 'keep'
         and decided_at > clock_timestamp() - make_interval(secs => ${(0.9 * SOURCE_HOUR_S) / nodeSecondsPerSecond}::float8)`);
    for (const { workload_id } of recent) due.delete(workload_id);
  }
  return due;
}
