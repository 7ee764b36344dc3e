import { sql } from 'kysely';
import { answerShed } from '#domain/routing/leave';
import { reconsider } from '#domain/routing/reconsider';
import type { ExclusionCounts } from '#domain/routing/words';
import { one, type SqlEntityManager } from '#platform/db/in-org';
import type { DecidedAction } from '#workflows/workloads/workload.messages';
import { commitDecision, type Committed, type Decide } from './decide.ts';
import type { Ref, WorkloadDeps } from './deps.ts';
import { loadFleet } from './fleet.ts';
import { unstartedSegment } from './segments.sql.ts';
import { loadAsk, type Work } from './work.sql.ts';

export type Redecided = DecidedAction | { readonly refused: 'no-candidate' | 'invalid-transition'; readonly excluded: ExclusionCounts };

const REFUSED: Redecided = { refused: 'invalid-transition', excluded: {} };

/** Decides anew for running work. Run again after its commit, it finds the target that it reserved. */
async function redecide(deps: WorkloadDeps, { orgId, workloadId }: Ref, trigger: string, choose: (work: Work, em: SqlEntityManager) => Promise<Decide>, read: (committed: Committed) => Redecided): Promise<Redecided> {
  return deps.database.inSystem(async (em, actAs) => {
    await actAs(orgId);
    const work = await loadAsk(em, workloadId);
    if (work.state !== 'running') return REFUSED;
    const reserved = await unstartedSegment(em, workloadId);
    if (reserved && work.lastDecisionId) return { decisionId: work.lastDecisionId, action: 'move', target: reserved };
    const decide = await choose(work, em);
    const committed = await commitDecision(em, await loadFleet(em, deps.routing), work, decide, { trigger });
    return committed.outcome === 'overtaken' ? REFUSED : read(committed);
  });
}

const toAction = ({ decisionId, target }: Committed): Redecided => ({ decisionId: decisionId!, action: target ? 'move' : 'keep', ...(target && { target }) });

export const createRedecide = (deps: WorkloadDeps) => ({
  /** W-86: `force` skips threshold, gain and plan, never constraints; without any candidate it is refused. */
  decideReroute: (input: Ref & { readonly mode: 'force' | 'evaluate'; readonly targetNodeId?: string }): Promise<Redecided> =>
    redecide(deps, input, 'request', async () => (ask) =>
      input.mode === 'evaluate'
        ? reconsider({ ...ask, kind: 'request' })
        : answerShed({ ...ask, cause: 'force', counts: true, ...(input.targetNodeId !== undefined && { targetNode: input.targetNodeId }) }),
    (committed) => (input.mode === 'force' && committed.reason === 'no_candidate' ? { refused: 'no-candidate', excluded: committed.document.excluded } : toAction(committed))),

  /** W-74: the node drains. A drain of a deploy uses up no move. */
  decideLeave: (input: Ref): Promise<Redecided> =>
    redecide(deps, input, 'drain', async ({ nodeId }, em) => {
      const { state_cause } = await one(em, sql<{ state_cause: string }>`select state_cause from nodes where id = ${nodeId}`);
      return (ask) => answerShed({ ...ask, cause: 'drain', counts: state_cause !== 'deploy' });
    }, toAction),
});
