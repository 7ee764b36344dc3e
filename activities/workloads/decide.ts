import canonicalize from 'canonicalize';
import { sql } from 'kysely';
import type { DecisionDocument } from '#domain/routing/document';
import type { Decision, NodeOffer, Outcome, RoutingInput } from '#domain/routing/types';
import { workloadPowerW } from '#domain/workload/power';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { sha256Hex } from '#platform/signing/sha256';
import { append } from '#platform/stream/append';
import type { EventRef, TargetSegment } from '#workflows/workloads/workload.messages';
import { type Fleet, routingInput } from './fleet.ts';
import { giveBackGpus, holdFor, takeGpus } from './reservations.sql.ts';
import { openSegment, readyForPlacement, readyToMove } from './segments.sql.ts';
import type { Work } from './work.sql.ts';

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

export interface Committed {
  /** Null where it was not stored. */
  readonly decisionId: string | null;
  /** `overtaken`: meanwhile the workload was placed, moved or ended by somebody else; nothing was reserved or stored. */
  readonly outcome: Outcome['do'] | 'overtaken';
  readonly reason: string;
  /** Reserved for 60 s, for `place` and `move`. */
  readonly target?: TargetSegment;
  readonly document: DecisionDocument;
}

/**
 * Decides, reserves and stores in the caller's transaction (W-65), bound to the workload's organisation. Who loses the race
 * for a node decides again with the count that the winner left, so the stored document is always the decision that holds.
 * Order of locks, here and everywhere: nodes, then workloads, then budgets.
 */
export async function commitDecision(em: SqlEntityManager, fleet: Fleet, work: Work, decide: Decide, options: CommitOptions): Promise<Committed> {
  for (let races = 0; ; races += 1) {
    const decision = decide(await routingInput(fleet, work, options.trigger));
    const { outcome } = decision;
    const slug = 'nodes' in outcome ? outcome.nodes[0] : undefined;
    if (slug === undefined || (outcome.do !== 'place' && outcome.do !== 'move')) return settleOn(em, work, decision, options);
    const node = fleet.nodeOf(slug);
    if (await takeGpus(em, node.id, work.gpus)) return reserveOn(em, fleet, work, node, decision, options);
    // Full, gone or shedding since it was read. Marked full, it drops out, so this ends at the last candidate.
    fleet.count(slug, races < 3 ? await countOf(em, node, work.gpus) : node.gpus);
  }
}

/**
 * For transactions that decide a page of workloads, and so take GPUs of many nodes: one after another, since two that take the same
 * nodes in different order would wait for each other. A placement alone takes one node and needs no turn.
 */
export const onePageAtATime = (em: SqlEntityManager) => rows(em, sql`select pg_advisory_xact_lock(hashtext('decide-page'))`);

/** The node's true count, or full where the count is not why it was refused. */
async function countOf(em: SqlEntityManager, node: NodeOffer, gpus: number): Promise<number> {
  const { gpus_reserved } = await one(em, sql<{ gpus_reserved: number }>`select gpus_reserved from nodes where id = ${node.id}`);
  return node.gpus - gpus_reserved < gpus ? gpus_reserved : node.gpus;
}

async function reserveOn(em: SqlEntityManager, fleet: Fleet, work: Work, node: NodeOffer, decision: Decision, options: CommitOptions): Promise<Committed> {
  const moves = decision.outcome.do === 'move';
  const counts = decision.outcome.do === 'move' && decision.outcome.counts;
  const { orgId, workloadId, gpus } = work;
  if (!(await (moves ? readyToMove(em, workloadId, work.segment) : readyForPlacement(em, workloadId, options.resumes ?? false)))) {
    await giveBackGpus(em, node.id, gpus);
    return { decisionId: null, outcome: 'overtaken', reason: 'overtaken', document: decision.document };
  }
  const decisionId = await store(em, work, decision, options, node.id);
  const target = await openSegment(em, workloadId, node.id, counts);
  await holdFor(em, { workloadId, orgId, segment: target.segment, nodeId: node.id, gpus });
  fleet.count(node.slug, node.gpusReserved + gpus);
  if (!moves) {
    await rows(em, sql`
      update workloads set state = 'placing', reason = null, node_id = ${node.id}, zone = ${node.zone}, segment = ${target.segment}, fence = ${target.fence},
             power_w = ${workloadPowerW(fleet.nodeOf(node.slug), gpus, work.spec.kind)}, exclusions = null, starts_by = null, last_decision_id = ${decisionId},
             version = version + 1, updated_at = clock_timestamp()
       where id = ${workloadId}`);
    await append(em, orgId, 'workload.state', { workload_id: workloadId, state: 'placing', reason: null, node: node.slug, zone: node.zone, segment: target.segment }, workloadId);
    await append(em, orgId, 'workload.placed', { workload_id: workloadId, node: node.slug, zone: node.zone, segment: target.segment, fence: target.fence, decision_id: decisionId }, workloadId);
  }
  return { decisionId, outcome: decision.outcome.do, reason: decision.document.reason, target, document: decision.document };
}

/** Nothing to reserve: wait, queue, keep or pause. */
async function settleOn(em: SqlEntityManager, work: Work, decision: Decision, options: CommitOptions): Promise<Committed> {
  const stored = options.store?.(decision) ?? true;
  const decisionId = stored ? await store(em, work, decision, options, null) : null;
  return { decisionId, outcome: decision.outcome.do, reason: decision.document.reason, document: decision.document };
}

/** W-76, append-only; `inputs_sha256` is of the RFC 8785 bytes of all inputs (W-77). */
async function store(em: SqlEntityManager, { orgId, workloadId }: Work, { document, inputs }: Decision, { event }: CommitOptions, winnerId: string | null): Promise<string> {
  const body: DecisionDocument = { ...document, inputs_sha256: sha256Hex(canonicalize(inputs)!) };
  await rows(em, sql`
    insert into decisions (org_id, id, workload_id, kind, decided_at, outcome, reason, winner_node_id, event_zone, event_id, body)
    values (${orgId}, ${document.id}, ${workloadId}, ${document.kind}, ${document.decided_at}, ${document.outcome}, ${document.reason}, ${winnerId},
            ${event?.zone ?? null}, ${event?.eventId ?? null}, ${JSON.stringify(body)}::jsonb)`);
  await rows(em, sql`update workloads set last_decision_id = ${document.id} where id = ${workloadId}`);
  const { id, kind, outcome, reason, winner } = document;
  await append(em, orgId, 'workload.decision', { workload_id: workloadId, decision_id: id, kind, outcome, reason, node: winner?.node ?? null, zone: winner?.zone ?? null }, workloadId);
  return document.id;
}
