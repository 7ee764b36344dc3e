import { sql } from 'kysely';
import { REFUSALS } from '#domain/energy-report/refusals';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { Verdict } from './judge.ts';

type Accepted = Extract<Verdict, { status: 'accepted' }>;
type Rejected = Extract<Verdict, { status: 'rejected' }>;

/** Whole reports in one statement; what tenants bear and what is idle stand beside them (M-41). */
export async function insertReports(em: SqlEntityManager, nodeId: string, zone: string, accepted: readonly Accepted[]): Promise<void> {
  if (accepted.length === 0) return;
  const column = <T>(value: (verdict: Accepted) => T) => accepted.map(value);
  const tenants = column(({ bookings }) => bookings.reduce((sum, { bookedMj }) => sum + bookedMj, 0n));
  await rows(em, sql`
    insert into energy_reports (node_id, boot_id, sequence, interval_start, interval_end, zone, sha256, energy_mj, tenants_mj, idle_mj, grade, report)
    select ${nodeId}, boot_id, sequence, interval_start, interval_end, ${zone}, sha256, energy_mj, tenants_mj, energy_mj - tenants_mj, grade, report::jsonb
      from unnest(${column(({ sent }) => sent.report.boot_id)}::text[], ${column(({ sent }) => sent.report.sequence)}::bigint[], ${column(({ sent }) => sent.report.interval_start)}::timestamptz[],
        ${column(({ sent }) => sent.report.interval_end)}::timestamptz[], ${column(({ sha256 }) => sha256)}::text[], ${column(({ energyMj }) => energyMj.toString())}::numeric[],
        ${tenants.map(String)}::numeric[], ${column(({ sent }) => sent.report.grade)}::text[], ${column(({ sent }) => JSON.stringify(sent.report))}::text[])
        as t (boot_id, sequence, interval_start, interval_end, sha256, energy_mj, tenants_mj, grade, report)`);
}

/** M-35: kept apart, as they came. */
export async function insertRefused(em: SqlEntityManager, nodeId: string, rejected: readonly Rejected[]): Promise<void> {
  if (rejected.length === 0) return;
  const column = <T>(value: (verdict: Rejected) => T) => rejected.map(value);
  await rows(em, sql`
    insert into energy_reports_refused (node_id, sequence, code, detail, report)
    select ${nodeId}, sequence, code, detail, report::jsonb
      from unnest(${column(({ sent }) => sent.report.sequence)}::bigint[], ${column(({ code }) => code)}::text[], ${column(({ code }) => REFUSALS[code])}::text[],
        ${column(({ sent }) => JSON.stringify(sent))}::text[]) as t (sequence, code, detail, report)`);
}

/** Openings of one tenant's jobs, in the transaction bound to it (W-22). */
export async function insertOpenings(em: SqlEntityManager, orgId: string, nodeId: string, accepted: readonly Accepted[]): Promise<void> {
  const own = accepted.flatMap(({ sent, bookings }) => bookings.filter(({ here }) => here.orgId === orgId).map((booking) => ({ ...booking, report: sent.report })));
  const column = <T>(value: (opening: (typeof own)[number]) => T) => own.map(value);
  await rows(em, sql`
    insert into report_openings (org_id, node_id, boot_id, sequence, interval_start, job, job_id, fence, salt, workload_id, segment, energy_mj)
    select ${orgId}, ${nodeId}, * from unnest(${column(({ report }) => report.boot_id)}::text[], ${column(({ report }) => report.sequence)}::bigint[], ${column(({ report }) => report.interval_start)}::timestamptz[],
      ${column(({ job }) => job)}::text[], ${column(({ jobId }) => jobId)}::text[], ${column(({ here }) => here.fence)}::int[], ${column(({ salt }) => salt)}::text[],
      ${column(({ here }) => here.workloadId)}::uuid[], ${column(({ here }) => here.segment)}::int[], ${column(({ bookedMj }) => bookedMj.toString())}::numeric[])`);
}

/** The head of the chain moves with whatever arrived; that the node reports at all is said by accepted ones only. */
export async function rememberReceived(em: SqlEntityManager, nodeId: string, received: { bootId: string; sequence: number; sha256: string } | undefined, accepted: readonly Accepted[]): Promise<void> {
  const end = accepted.map(({ sent }) => sent.report.interval_end).sort().at(-1) ?? null;
  await rows(em, sql`
    update node_runtime set
      last_report_boot_id = coalesce(${received?.bootId ?? null}, last_report_boot_id), last_report_sequence = coalesce(${received?.sequence ?? null}::bigint, last_report_sequence),
      last_report_sha256 = coalesce(${received?.sha256 ?? null}, last_report_sha256),
      last_report_at = case when ${end}::timestamptz is null then last_report_at else clock_timestamp() end,
      last_interval_end = greatest(last_interval_end, ${end}::timestamptz)
     where node_id = ${nodeId}`);
}
