import { signalIntervalStart } from '#domain/energy-report/allocation';
import { isStrike } from '#domain/energy-report/refusals';
import { gradeOf, type ReportWithOpenings } from '#domain/energy-report/report';
import { chargeAll } from '#platform/budgets/charge';
import type { SqlEntityManager } from '#platform/db/in-org';
import { strike } from '../node-state.sql.ts';
import type { ReportNonces } from '../report-nonce.ts';
import { correctSettled } from './corrections.sql.ts';
import { bookEnergy, type LineEnergy } from './energy-lines.ts';
import { loadJobsHere, type ActAs } from './jobs-here.ts';
import { readReports, ReportJudge, type Verdict } from './judge.ts';
import { loadFacts, type NodeFacts, type ReportingNode } from './reporting-node.ts';
import { insertOpenings, insertRefused, insertReports, rememberReceived, tellEnergy } from './store.sql.ts';

type Accepted = Extract<Verdict, { status: 'accepted' }>;

export interface Ingested {
  readonly results: readonly { readonly sequence: number; readonly status: Verdict['status']; readonly code: string | null }[];
  /** Workloads whose budget is spent: their runs are to be told after the commit (W-95). */
  readonly exhausted: readonly string[];
}

/**
 * A batch of reports in one transaction (W-19 to W-25): judged in order, stored whole, opened to its tenants, booked to their
 * lines. `accepted` is answered only after commit; sent again it is `duplicate` and books nothing.
 */
export async function ingestReports(em: SqlEntityManager, actAs: ActAs, node: ReportingNode, batch: readonly ReportWithOpenings[], nonces: ReportNonces): Promise<Ingested> {
  const read = await readReports(node, batch);
  const facts = await loadFacts(em, node.nodeId, batch);
  const judge = new ReportJudge(node.nodeId, facts, await loadJobsHere(em, actAs, node.nodeId, batch), nonces);
  const verdicts = read.map((one) => judge.decide(one));
  const accepted = verdicts.filter((verdict) => verdict.status === 'accepted');
  const rejected = verdicts.filter((verdict) => verdict.status === 'rejected');
  await insertReports(em, node.nodeId, facts.zone, accepted);
  await insertRefused(em, node.nodeId, rejected);
  await rememberReceived(em, node.nodeId, judge.received(), accepted);
  const exhausted = await bookTenants(em, actAs, node.nodeId, facts, accepted);
  const strikes = rejected.map(({ code }) => code).filter(isStrike);
  if (strikes.length > 0) await strike(em, actAs, node.nodeId, strikes);
  return { results: verdicts.map((verdict) => ({ sequence: verdict.sent.report.sequence, status: verdict.status, code: verdict.status === 'rejected' ? verdict.code : null })), exhausted };
}

/** Tenant by tenant in one order: two nodes' batches that touch the same tenants never wait for each other crosswise. */
async function bookTenants(em: SqlEntityManager, actAs: ActAs, nodeId: string, facts: NodeFacts, accepted: readonly Accepted[]): Promise<string[]> {
  const orgs = [...new Set(accepted.flatMap(({ bookings }) => bookings.map(({ here }) => here.orgId)))].sort();
  const exhausted: string[] = [];
  for (const orgId of orgs) {
    await actAs(orgId);
    await correctSettled(em, orgId, facts.intervalS, accepted);
    await insertOpenings(em, orgId, nodeId, accepted);
    const lines = linesOf(orgId, nodeId, facts, accepted);
    if (lines.length === 0) continue;
    await bookEnergy(em, orgId, lines);
    const own = [...Map.groupBy(lines, (line) => line.workloadId)].sort(([a], [b]) => (a < b ? -1 : 1));
    exhausted.push(...(await chargeAll(em, orgId, own.map(([workloadId]) => workloadId))));
    await tellEnergy(em, orgId, own.map(([workloadId, drawn]) => (
      { workloadId, data: { workload_id: workloadId, node_id: nodeId, energy_mj: String(drawn.reduce((sum, { energyMj }) => sum + energyMj, 0n)), grade: drawn[0]!.grade } })));
  }
  return exhausted;
}

function linesOf(orgId: string, nodeId: string, { intervalS }: NodeFacts, accepted: readonly Accepted[]): LineEnergy[] {
  return accepted.flatMap(({ sent: { report }, bookings }) =>
    bookings.filter(({ here, bookedMj, isLate }) => here.orgId === orgId && bookedMj > 0n && !isLate).map(({ here, bookedMj }) => ({
      workloadId: here.workloadId, segment: here.segment, intervalStart: signalIntervalStart(Date.parse(report.interval_start), intervalS), lengthS: intervalS,
      nodeId, zone: here.zone, energyMj: bookedMj, pueE4: here.pueE4, grade: gradeOf(report.method),
    })));
}
