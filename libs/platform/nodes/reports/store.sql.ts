import { gradeOf } from '#domain/energy-report/report';
import { sql } from 'kysely';
import { REFUSALS } from '#domain/energy-report/refusals';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { Verdict } from './judge.ts';

type Accepted = Extract<Verdict, { status: 'accepted' }>;
type Rejected = Extract<Verdict, { status: 'rejected' }>;

/**
 * Whole reports in one statement, their bodies as one JSON text: in an array of texts each of their quotes would be escaped once more.
 * What tenants bear and what is idle stand beside them (M-41).
 */
export async function insertReports(em: SqlEntityManager, nodeId: string, zone: string, accepted: readonly Accepted[]): Promise<void> {
  if (accepted.length === 0) return;
  const column = <T>(value: (verdict: Accepted) => T) => accepted.map(value);
  const tenants = column(({ bookings }) => bookings.reduce((sum, { bookedMj }) => sum + bookedMj, 0n));
  await rows(em, sql`
    insert into energy_reports (node_id, boot_id, sequence, interval_start, interval_end, zone, sha256, energy_mj, tenants_mj, idle_mj, grade, report)
    select ${nodeId}, boot_id, sequence, interval_start, interval_end, ${zone}, sha256, energy_mj, tenants_mj, energy_mj - tenants_mj, grade, report
      from rows from (unnest(${column(({ sent }) => sent.report.boot_id)}::text[], ${column(({ sent }) => sent.report.sequence)}::bigint[], ${column(({ sent }) => sent.report.interval_start)}::timestamptz[],
        ${column(({ sent }) => sent.report.interval_end)}::timestamptz[], ${column(({ sha256 }) => sha256)}::text[], ${column(({ energyMj }) => energyMj.toString())}::numeric[],
        ${tenants.map(String)}::numeric[], ${column(({ sent }) => gradeOf(sent.report.method))}::text[]), jsonb_array_elements(${`[${column(({ text }) => text).join()}]`}::jsonb))
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

/** An array literal of values without commas, quotes and braces, which the driver would escape one by one. */
const plainArray = (values: readonly (string | number | bigint)[]): string => `{${values.join()}}`;

/** Openings of one tenant's jobs, in the transaction bound to it (W-22). What all openings of a report or of a job share travels once. */
export async function insertOpenings(em: SqlEntityManager, orgId: string, nodeId: string, accepted: readonly Accepted[]): Promise<void> {
  const jobs = [...new Set(accepted.flatMap(({ bookings }) => bookings.map(({ here }) => here)))].filter((here) => here.orgId === orgId);
  const place = new Map(jobs.map((here, i) => [here, i + 1]));
  const own = accepted.flatMap(({ bookings }, i) => bookings.filter(({ here }) => place.has(here)).map((booking) => ({ ...booking, report: i + 1 })));
  const of = <T>(value: (opening: (typeof own)[number]) => T) => own.map(value);
  const column = <T>(value: (report: Accepted['sent']['report']) => T) => accepted.map(({ sent }) => value(sent.report));
  await rows(em, sql`
    insert into report_openings (org_id, node_id, boot_id, sequence, interval_start, job, job_id, fence, salt, workload_id, segment, energy_mj)
    select ${orgId}, ${nodeId}, r.boot_id, r.sequence, r.interval_start, o.job, h.workload_id || '.' || h.segment, h.fence, o.salt, h.workload_id, h.segment, o.energy_mj
      from unnest(${plainArray(of(({ report }) => report))}::int[], ${plainArray(of(({ here }) => place.get(here)!))}::int[], ${plainArray(of(({ job }) => job))}::text[],
             ${plainArray(of(({ salt }) => salt))}::text[], ${plainArray(of(({ bookedMj }) => bookedMj))}::numeric[]) as o (r, h, job, salt, energy_mj)
      join unnest(${column(({ boot_id }) => boot_id)}::text[], ${column(({ sequence }) => sequence)}::bigint[], ${column(({ interval_start }) => interval_start)}::timestamptz[])
             with ordinality as r (boot_id, sequence, interval_start, i) on r.i = o.r
      join unnest(${jobs.map(({ workloadId }) => workloadId)}::uuid[], ${jobs.map(({ segment }) => segment)}::int[], ${jobs.map(({ fence }) => fence)}::int[])
             with ordinality as h (workload_id, segment, fence, i) on h.i = o.h`);
}

/** What each workload drew in the batch, told in the transaction that booked it. */
export async function tellEnergy(em: SqlEntityManager, orgId: string, told: readonly { readonly workloadId: string; readonly data: object }[]): Promise<void> {
  await rows(em, sql`
    insert into stream_events (org_id, workload_id, name, data)
    select ${orgId}, workload_id, 'workload.energy', data::jsonb
      from unnest(${told.map(({ workloadId }) => workloadId)}::uuid[], ${told.map(({ data }) => JSON.stringify(data))}::text[]) as t (workload_id, data)`);
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
