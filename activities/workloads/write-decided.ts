import { workloadPowerW } from '#domain/workload/power';
import type { SqlEntityManager } from '#platform/db/in-org';
import type { TargetSegment } from '#workflows/workloads/workload.messages';
import type { Committed, Decided } from './decide.ts';
import { appendAll, insertDecisions, type Told, writePlaced } from './decisions.sql.ts';
import { giveBackGpus, holdFor } from './reservations.sql.ts';
import { beginSegments, lockAndCompare } from './segments.sql.ts';

/** Stores what was decided for one organisation's work, in as many statements for one workload as for two hundred. */
export async function writeDecided(em: SqlEntityManager, orgId: string, decided: readonly Decided[]): Promise<Map<string, Committed>> {
  const stored = decided.filter(({ decision, node, options }) => node !== null || (options.store?.(decision) ?? true));
  const overtaken = stored.length > 0 ? await lockAndCompare(em, stored.map((one) => ({ workloadId: one.work.workloadId, segment: one.work.segment, goes: goes(one) }))) : new Set<string>();
  const [late, inTime] = [stored.filter(({ work }) => overtaken.has(work.workloadId)), stored.filter(({ work }) => !overtaken.has(work.workloadId))];
  if (late.length > 0) await giveBackGpus(em, late.map(({ work, node }) => ({ nodeId: node!.id, gpus: work.gpus })));
  const targets = inTime.length > 0 ? await write(em, orgId, inTime) : new Map<string, TargetSegment>();
  const isStored = new Set(inTime);
  return new Map(decided.map((one) => [one.work.workloadId, overtaken.has(one.work.workloadId) ? committed(one, 'overtaken') : committed(one, isStored.has(one), targets.get(one.work.workloadId))]));
}

function goes({ decision: { outcome }, options }: Decided): 'place' | 'resume' | 'move' | null {
  if (outcome.do === 'place') return options.resumes ? 'resume' : 'place';
  return outcome.do === 'move' ? 'move' : null;
}

function committed({ decision }: Decided, stored: boolean | 'overtaken', target?: TargetSegment): Committed {
  const { outcome, reason, inputs } = decision;
  return {
    decisionId: stored === true ? inputs.id : null, outcome: stored === 'overtaken' ? stored : outcome.do, reason: stored === 'overtaken' ? stored : reason,
    ...(target && { target }), get document() { return decision.document; },
  };
}

async function write(em: SqlEntityManager, orgId: string, decided: readonly Decided[]): Promise<Map<string, TargetSegment>> {
  await insertDecisions(em, orgId, decided.map(({ document, node, options }) => ({ document: document(), winnerNodeId: node?.id ?? null, event: options.event })));
  const targets = await reserve(em, orgId, decided.filter(({ node }) => node !== null));
  await appendAll(em, orgId, decided.flatMap((one) => toldOf(one, targets.get(one.work.workloadId))));
  return targets;
}

/** A segment and a hold for each who goes somewhere; who was not running is `placing` from now on. */
async function reserve(em: SqlEntityManager, orgId: string, going: readonly Decided[]): Promise<Map<string, TargetSegment>> {
  if (going.length === 0) return new Map();
  const targets = await beginSegments(em, going.map(({ work, node, decision: { outcome } }) => ({ workloadId: work.workloadId, nodeId: node!.id, countsAsMove: outcome.do === 'move' && outcome.counts })));
  await holdFor(em, orgId, going.map(({ work: { workloadId, gpus }, node }) => ({ workloadId, gpus, nodeId: node!.id, segment: targets.get(workloadId)!.segment })));
  const placed = going.filter(({ decision }) => decision.outcome.do === 'place').map(({ work: { workloadId, gpus, spec }, node }) => {
    const { segment, fence } = targets.get(workloadId)!;
    return { workload_id: workloadId, node_id: node!.id, zone: node!.zone, segment, fence, power_w: workloadPowerW(node!, gpus, spec.kind) };
  });
  if (placed.length > 0) await writePlaced(em, placed);
  return targets;
}

function toldOf({ work: { workloadId: workload_id }, node, decision }: Decided, target: TargetSegment | undefined): Told[] {
  const { id: decision_id, kind, outcome, reason, winner } = decision.document;
  const said: Told = { name: 'workload.decision', data: { workload_id, decision_id, kind, outcome, reason, node: winner?.node ?? null, zone: winner?.zone ?? null } };
  if (outcome !== 'place' || !node || !target) return [said];
  const { segment, fence } = target;
  return [
    said,
    { name: 'workload.state', data: { workload_id, state: 'placing', reason: null, node: node.slug, zone: node.zone, segment } },
    { name: 'workload.placed', data: { workload_id, node: node.slug, zone: node.zone, segment, fence, decision_id } },
  ];
}
