import { Context } from '@temporalio/activity';
import { sql } from 'kysely';
import { grossCompute } from '#domain/workload/usage';
import { endOf, type EndReason } from '#domain/workload/states';
import { raiseAlert } from '#platform/alerts/raise';
import { chargeBudgets } from '#platform/budgets/charge';
import { releaseBudgets } from '#platform/budgets/reserve';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { bookEnergy, priceLines, sumUp } from '#platform/nodes/reports/energy-lines';
import { askJob, deleteJob } from './ask-node.ts';
import { paceOf, type Limited, type Ref, type WorkloadDeps } from './deps.ts';
import { free } from './free.ts';
import { estimateLines, holes, ranSegments } from './gaps.sql.ts';
import { endSegment, lockWorkload, openSegments, writeState } from './life.sql.ts';

export type SettleInput = Ref & Limited & { readonly reason: EndReason };

/** A hole shorter than this lies between two clocks, not between two reports. */
const SLACK_MS = 250;

/**
 * The end: everything held is given back, the last reports are waited for (W-149), gaps are estimated and marked (W-24), then facts,
 * budgets and final state are written in one transaction. Run again after it, it finds the state written.
 */
export const createSettle = (deps: WorkloadDeps) => async (input: SettleInput): Promise<void> => {
  const { database, routing } = deps;
  const { quickPollMs } = paceOf(deps);
  const inOrg = <T>(work: (em: SqlEntityManager) => Promise<T>) => database.inOrg(input.orgId, work);
  const end = endOf(input.reason);
  const isDone = await inOrg(async (em) => {
    const { state } = await lockWorkload(em, input.workloadId);
    if (state === end) return true;
    if (state !== 'settling') await writeState(em, input, 'settling', input.reason);
    for (const { segment } of await openSegments(em, input.workloadId)) await endSegment(em, input.workloadId, { segment, reason: input.reason });
    return false;
  });
  await free(database, input.workloadId);
  if (isDone) return;
  while (!(await inOrg(async (em) => (await isReported(em, input)) && isPriced(em, input, routing.intervalMs)))) {
    Context.current().heartbeat();
    await Context.current().sleep(quickPollMs);
  }
  await collectLate(deps, input);
  await inOrg((em) => writeBooks(em, input, routing.intervalMs / 1_000));
};

/** True where every segment that ran is covered to its end by accepted reports, or its reports have had their time. */
async function isReported(em: SqlEntityManager, { workloadId, limits }: SettleInput): Promise<boolean> {
  const missing = await rows(em, sql`
    select from segments s left join node_runtime r on r.node_id = s.node_id
     where s.workload_id = ${workloadId} and s.started_at is not null and s.ended_at > s.started_at
       and coalesce(r.last_interval_end, '-infinity') < s.ended_at - make_interval(secs => ${SLACK_MS / 1_000}::float8)
       and clock_timestamp() < s.ended_at + make_interval(secs => ${limits.settleTimeoutMs / 1_000}::float8) limit 1`);
  return missing.length === 0;
}

/** How long after an interval its signals may still be on their way: one interval, and the time of all sources of a chain (W-37). */
const SIGNALS_LATE_MS = 30_000;

/** True where every line has its signals, or they have had their time: a report of an interval's first seconds may come before them. */
async function isPriced(em: SqlEntityManager, { workloadId }: SettleInput, intervalMs: number): Promise<boolean> {
  const unknown = () => rows(em, sql`
    select from energy_lines where workload_id = ${workloadId} and (operational_ng is null or energy_micro_usd is null)
       and clock_timestamp() < interval_start + make_interval(secs => ${(intervalMs + SIGNALS_LATE_MS) / 1_000}::float8) limit 1`);
  if ((await unknown()).length === 0) return true;
  await priceLines(em, [workloadId], Date.now() + intervalMs);
  return (await unknown()).length === 0;
}

/** W-33: a node that came back with the work of a lost segment: kept, billed 0, and told to forget it. */
async function collectLate(deps: WorkloadDeps, input: SettleInput): Promise<void> {
  const lost = await deps.database.inOrg(input.orgId, (em) => rows(em, sql<{ segment: number; fence: number; node_id: string }>`
    select segment, fence, node_id from segments where workload_id = ${input.workloadId} and end_reason = 'node_lost' and late_result is null`));
  for (const { segment, fence, node_id } of lost) {
    const on = { ...input, node: { segment, fence, nodeId: node_id, zone: '' } };
    const job = await askJob(deps, on);
    if (job === null || job === 'gone') continue;
    const late = { state: job.state, units_done: job.units_done, energy_mj: job.energy_mj, result: job.result };
    await deps.database.inOrg(input.orgId, (em) => rows(em, sql`update segments set late_result = ${JSON.stringify(late)}::jsonb where workload_id = ${input.workloadId} and segment = ${segment}`));
    await deleteJob(deps, on, paceOf(deps), 1);
  }
}

async function writeBooks(em: SqlEntityManager, input: SettleInput, intervalS: number): Promise<void> {
  const { orgId, workloadId, reason } = input;
  if ((await lockWorkload(em, workloadId)).state !== 'settling') return;
  for (const ran of await ranSegments(em, workloadId)) {
    const gaps = (await holes(em, ran)).filter(({ fromMs, toMs }) => toMs - fromMs > SLACK_MS);
    if (gaps.length > 0) await bookEnergy(em, orgId, estimateLines(workloadId, ran, gaps, intervalS));
  }
  await priceLines(em, [workloadId], 0);
  await sumUp(em, [workloadId]);
  await postFacts(em, workloadId);
  await chargeBudgets(em, orgId, workloadId);
  await releaseBudgets(em, workloadId);
  await writeState(em, input, endOf(reason), reason, sql`eta = null, power_w = 0, exclusions = null, starts_by = null, version = version + 1`);
  await tellEnd(em, input);
}

interface FactRow {
  readonly segment: number;
  readonly fence: number;
  readonly node_id: string;
  readonly owner_org_id: string;
  readonly price: string;
  readonly price_version: number;
  readonly gpu_seconds: string;
  readonly energy_mj: string;
  readonly pue_e4: number;
  readonly billable: boolean;
  readonly end_reason: string;
  readonly billed_to_ms: string;
}

/** W-121: one fact a segment under its own key; a second posting is the first. Lost work is no fact (W-122): its lines end with what is billed. */
async function postFacts(em: SqlEntityManager, workloadId: string): Promise<void> {
  const segments = await rows(em, sql<FactRow>`
    update segments set settled_at = clock_timestamp() where workload_id = ${workloadId} and started_at is not null and settled_at is null
    returning segment, fence, node_id, owner_org_id, price_micro_usd_per_gpu_hour as price, price_version, gpu_seconds, energy_mj, pue_e4, billable, end_reason,
              round(extract(epoch from started_at + make_interval(secs => (gpu_seconds / gpus / time_scale)::float8)) * 1000) as billed_to_ms`);
  for (const row of segments) {
    const lines = await rows(em, sql<{ interval: string; energy_mj: string; price_micro_usd_per_mwh: string | null; signal_ref: string[]; grade: string }>`
      select interval_start as interval, energy_mj, price_micro_usd_per_mwh, signal_refs as signal_ref, grade from energy_lines
       where workload_id = ${workloadId} and segment = ${row.segment} and interval_start < to_timestamp(${row.billed_to_ms}::float8 / 1000) order by interval_start`);
    const fact = {
      workload_id: workloadId, segment: row.segment, owner_org_id: row.owner_org_id, node_id: row.node_id, price_version: row.price_version, gpu_seconds: row.gpu_seconds,
      gross_compute_micro_usd: grossCompute(BigInt(row.gpu_seconds.replace('.', '')), BigInt(row.price)).toString(), energy_mj: row.energy_mj, pue_e4: row.pue_e4,
      energy_lines: lines.map((line) => ({ ...line, interval: new Date(line.interval).toISOString() })), cause: row.end_reason, billable: row.billable, fence: row.fence,
    };
    await rows(em, sql`
      insert into usage_facts (org_id, key, workload_id, segment, owner_org_id, node_id, fact)
      values (current_setting('app.org')::uuid, ${`usage/${workloadId}/${row.segment}`}, ${workloadId}, ${row.segment}, ${row.owner_org_id}, ${row.node_id}, ${JSON.stringify(fact)}::jsonb)
      on conflict (org_id, key) do nothing`);
  }
}

async function tellEnd(em: SqlEntityManager, { orgId, workloadId, reason }: SettleInput): Promise<void> {
  const end = endOf(reason);
  if (end !== 'failed' && end !== 'expired') return;
  await raiseAlert(em, orgId, {
    kind: `workload.${end}`, title: `Work has ${end}: ${reason}`, subject: workloadId, dedupKey: `workload.${end}/${workloadId}`,
    body: `Workload ${workloadId} ended as ${end} (${reason}). What ran until then is billed; its segments say where and how long. Order it again when the cause is gone.`,
  });
}
