import { sql } from 'kysely';
import { withInputsHash } from '#domain/routing/decision';
import type { DecisionDocument } from '#domain/routing/document';
import { inputsSha256 } from '#domain/routing/inputs';
import type { Decision, Outcome, RoutingInput } from '#domain/routing/contract';
import type { NodeOffer } from '#domain/routing/types';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { EventRef, TargetSegment } from '#workflows/workloads/workload.messages';
import { type Fleet, routingInput, sha256Of, type Snapshot } from './fleet.ts';
import { takeGpus } from './reservations.sql.ts';
import type { SystemTx, Work } from './work.sql.ts';
import { writeDecided } from './write-decided.ts';

/** `place`, `reconsider` or `answerShed` with what the caller knows beside the common input. */
export type Decide = (input: RoutingInput) => Decision;

export interface CommitOptions {
  /** W-76's trigger: `created`, `interval`, `event:<id>`, `request`, `node_lost`, … */
  readonly trigger: string;
  readonly event?: EventRef;
  /** False keeps a decision out of the books, for keeps that are only counted (W-68) and repeated queues. */
  readonly store?: (decision: Decision) => boolean;
  /** The workload's own resuming may leave a pause; nobody else's decision may. */
  readonly resumes?: boolean;
}

export interface Asked {
  readonly work: Work;
  readonly decide: Decide;
  readonly options: CommitOptions;
}

/** What was decided for a workload. Where it goes to a node, that node's GPUs are taken. */
export interface Decided extends Asked {
  readonly decision: Decision;
  /** Counted with this work's GPUs. */
  readonly node: NodeOffer | null;
  /** W-76, with the hash of all inputs (W-77): for what is stored. */
  readonly document: () => DecisionDocument;
}

export interface Committed {
  /** Null where it was not stored. */
  readonly decisionId: string | null;
  /** `overtaken`: meanwhile the workload was placed, moved or ended by somebody else; nothing was reserved or stored. */
  readonly outcome: Outcome['do'] | 'overtaken';
  readonly reason: string;
  /** Reserved for 60 s, for `place` and `move`. */
  readonly target?: TargetSegment;
  /** Written when it is read. */
  readonly document: DecisionDocument;
}

/** `commitPage` of one workload, in a transaction that is bound to its organisation. */
export async function commitDecision(em: SqlEntityManager, fleet: Fleet, work: Work, decide: Decide, options: CommitOptions): Promise<Committed> {
  const [committed] = await commitPage({ em, actAs: async () => {} }, fleet, [{ work, decide, options }]);
  return committed!;
}

/**
 * Decides, reserves and stores in the caller's transaction (W-65), each workload under its organisation. Who loses the race
 * for a node decides again with the count that the winner left, so the stored document is always the decision that holds.
 * Order of locks, here and everywhere: nodes, then workloads, each with its row of the directory, then budgets.
 *
 * @returns what became of each, in the order asked
 */
export async function commitPage({ em, actAs }: SystemTx, fleet: Fleet, asked: readonly Asked[]): Promise<Committed[]> {
  const decided = await decideAll(em, fleet, asked);
  const committed = new Map<string, Committed>();
  for (const [orgId, those] of Map.groupBy(decided, ({ work }) => work.orgId)) {
    await actAs(orgId);
    for (const [workloadId, one] of await writeDecided(em, orgId, those)) committed.set(workloadId, one);
  }
  return asked.map(({ work }) => committed.get(work.workloadId)!);
}

/**
 * For transactions that decide a page of workloads, and so take GPUs of many nodes: one after another, since two that take the same
 * nodes in different order would wait for each other. A placement alone takes one node and needs no turn.
 */
export const onePageAtATime = (em: SqlEntityManager) => rows(em, sql`select pg_advisory_xact_lock(hashtext('decide-page'))`);

/** One after another, each seeing what those before it take; then all take at once, and who was refused decides again. */
async function decideAll(em: SqlEntityManager, fleet: Fleet, asked: readonly Asked[]): Promise<Decided[]> {
  const settled: Decided[] = [];
  for (let races = 0, open = asked; open.length > 0; races += 1) {
    const round: Decided[] = [];
    for (const one of open) round.push(await decideOne(fleet, one));
    const wanted = [...Map.groupBy(round.filter(({ node }) => node), ({ node }) => node!.id)].map(([nodeId, those]) => ({ nodeId, gpus: those.reduce((sum, { work }) => sum + work.gpus, 0), slug: those[0]!.node!.slug }));
    const refused = new Set(await takeGpus(em, wanted));
    await recount(em, fleet, wanted.filter(({ nodeId }) => refused.has(nodeId)), races);
    settled.push(...round.filter(({ node }) => !node || !refused.has(node.id)));
    open = round.filter(({ node }) => node && refused.has(node.id));
  }
  return settled;
}

async function decideOne(fleet: Fleet, { work, decide, options }: Asked): Promise<Decided> {
  const snapshot = await fleet.snapshot(work.ask.policy.basis);
  const decision = decide(routingInput(fleet, snapshot, work, options.trigger));
  const slug = 'nodes' in decision.outcome ? decision.outcome.nodes[0] : undefined;
  if (slug !== undefined) fleet.count(slug, fleet.nodeOf(slug).gpusReserved + work.gpus);
  return { work, decide, options, decision, node: slug === undefined ? null : fleet.nodeOf(slug), document: () => withInputsHash(decision.document, hashOf(decision.inputs, snapshot)) };
}

const hashOf = (input: RoutingInput, { sha256 }: Snapshot): string => inputsSha256(input, sha256Of, sha256());

/**
 * Full, gone or shedding since it was read: the true count, or full where the count is not why it was refused. Marked full,
 * a node drops out, so deciding again ends at the last candidate.
 */
async function recount(em: SqlEntityManager, fleet: Fleet, refused: readonly { readonly nodeId: string; readonly gpus: number; readonly slug: string }[], races: number): Promise<void> {
  if (refused.length === 0) return;
  const counts = await rows(em, sql<{ id: string; gpus_reserved: number }>`select id, gpus_reserved from nodes where id = any(${refused.map(({ nodeId }) => nodeId)}::uuid[])`);
  for (const { nodeId, slug, gpus: wanted } of refused) {
    const reserved = counts.find(({ id }) => id === nodeId)!.gpus_reserved;
    const { gpus } = fleet.nodeOf(slug);
    fleet.count(slug, races < 3 && gpus - reserved < wanted ? reserved : gpus);
  }
}
