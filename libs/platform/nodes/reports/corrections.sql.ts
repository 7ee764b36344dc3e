import { gradeOf } from '#domain/energy-report/report';
import { sql } from 'kysely';
import { signalIntervalStart } from '#domain/energy-report/allocation';
import { replacedEstimate } from '#domain/energy-report/correction';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import type { Booking, Verdict } from './judge.ts';

type Accepted = Extract<Verdict, { status: 'accepted' }>;

/** Late energy of one settled segment in one signal interval, times in ms. */
interface Late {
  readonly at: number;
  readonly lateMs: number;
  readonly energyMj: bigint;
}

/**
 * W-24: reports of a settled segment make a correction, a new fact that names the old; lines and facts stay as they were. It says what
 * the reports add and what of the estimate they replace, so a segment's energy is the sum of its facts. Call before the openings are stored.
 */
export async function correctSettled(em: SqlEntityManager, orgId: string, intervalS: number, accepted: readonly Accepted[]): Promise<void> {
  const late = accepted.flatMap((verdict) => verdict.bookings.filter(({ here, isLate, bookedMj }) => here.orgId === orgId && isLate && bookedMj > 0n).map((booking) => ({ ...booking, verdict })));
  for (const own of Map.groupBy(late, ({ here }) => `${here.workloadId} ${here.segment}`).values()) {
    const byInterval = Map.groupBy(own, ({ verdict }) => signalIntervalStart(Date.parse(verdict.sent.report.interval_start), intervalS));
    const intervals = [...byInterval].sort(([a], [b]) => a - b).map(([at, parts]): Late => ({ at, lateMs: parts.reduce((sum, { verdict }) => sum + lengthOf(verdict), 0), energyMj: parts.reduce((sum, { bookedMj }) => sum + bookedMj, 0n) }));
    await postCorrection(em, own[0]!.here, intervalS, intervals, own.some(({ verdict }) => gradeOf(verdict.sent.report.method) === 'modelled') ? 'modelled' : 'measured');
  }
}

const lengthOf = ({ sent: { report } }: Accepted): number => Date.parse(report.interval_end) - Date.parse(report.interval_start);

interface FactRow {
  readonly key: string;
  readonly fact: { readonly node_id: string; readonly owner_org_id: string; readonly price_version: number; readonly pue_e4: number; readonly cause: string; readonly billable: boolean; readonly fence: number };
  readonly billed_to_ms: string;
  readonly corrections: string;
}

async function postCorrection(em: SqlEntityManager, { workloadId, segment }: Booking['here'], intervalS: number, intervals: readonly Late[], grade: 'modelled' | 'measured'): Promise<void> {
  const key = `usage/${workloadId}/${segment}`;
  const [old] = await rows(em, sql<FactRow>`
    select f.key, f.fact, round(extract(epoch from s.started_at + make_interval(secs => (s.gpu_seconds / s.gpus / s.time_scale)::float8)) * 1000) as billed_to_ms,
           (select count(*) from usage_facts c where c.corrects = f.key) as corrections
      from usage_facts f join segments s using (org_id, workload_id, segment) where f.key = ${key}`);
  // Lost work ends with what is billed (W-122), and so do its corrections.
  const billed = intervals.filter(({ at }) => old !== undefined && at < Number(old.billed_to_ms));
  if (!old || billed.length === 0) return;
  const lines = [];
  for (const interval of billed) lines.push({ ...(await correctedLine(em, workloadId, segment, intervalS, interval)), grade });
  const { node_id, owner_org_id, price_version, pue_e4, cause, billable, fence } = old.fact;
  const fact = {
    workload_id: workloadId, segment, owner_org_id, node_id, price_version, gpu_seconds: '0.000', gross_compute_micro_usd: '0', energy_mj: lines.reduce((sum, { energy_mj }) => sum + BigInt(energy_mj), 0n).toString(), pue_e4,
    energy_lines: lines, cause, billable, fence, corrects: key,
  };
  await rows(em, sql`
    insert into usage_facts (org_id, key, workload_id, segment, owner_org_id, node_id, fact, corrects)
    values (current_setting('app.org')::uuid, ${`${key}/correction/${Number(old.corrections) + 1}`}, ${workloadId}, ${segment}, ${owner_org_id}, ${node_id}, ${JSON.stringify(fact)}::jsonb, ${key})`);
}

interface SettledRow {
  readonly line_mj: string;
  readonly corrected_mj: string;
  readonly opened_mj: string;
  readonly stay_ms: string;
  readonly covered_ms: string;
  readonly price: string | null;
  readonly signal_ref: readonly string[] | null;
}

/** The price is the settled line's: a correction of energy corrects no price. */
async function correctedLine(em: SqlEntityManager, workloadId: string, segment: number, intervalS: number, { at, lateMs, energyMj }: Late) {
  const [from, to] = [at, at + intervalS * 1_000].map((ms) => new Date(ms).toISOString());
  const row = await one(em, sql<SettledRow>`
    select coalesce(l.energy_mj, 0) as line_mj, l.price_micro_usd_per_mwh as price, l.signal_refs as signal_ref,
           (select coalesce(sum((c ->> 'energy_mj')::numeric), 0) from usage_facts f, jsonb_array_elements(f.fact -> 'energy_lines') c
             where f.workload_id = s.workload_id and f.segment = s.segment and f.corrects is not null and (c ->> 'interval')::timestamptz = ${from}) as corrected_mj,
           o.energy_mj as opened_mj, coalesce(o.ms, 0) as covered_ms,
           greatest(round(extract(epoch from least(s.ended_at, ${to}::timestamptz) - greatest(s.started_at, ${from}::timestamptz)) * 1000), 0) as stay_ms
      from segments s left join energy_lines l on l.workload_id = s.workload_id and l.segment = s.segment and l.interval_start = ${from}
     cross join lateral (
       select coalesce(sum(p.energy_mj), 0) as energy_mj, round(sum(extract(epoch from r.interval_end - r.interval_start)) * 1000) as ms
         from report_openings p join energy_reports r using (node_id, boot_id, sequence, interval_start)
        where p.workload_id = s.workload_id and p.segment = s.segment and p.energy_mj > 0 and p.interval_start >= ${from} and p.interval_start < ${to}) o
     where s.workload_id = ${workloadId} and s.segment = ${segment}`);
  const settled = { booked: BigInt(row.line_mj) + BigInt(row.corrected_mj), opened: BigInt(row.opened_mj), stayMs: Number(row.stay_ms), coveredMs: Number(row.covered_ms) };
  const replaced = replacedEstimate(settled, lateMs);
  return {
    interval: from, energy_mj: (energyMj - replaced).toString(), reported_mj: energyMj.toString(), replaced_mj: replaced.toString(),
    price_micro_usd_per_mwh: row.price, signal_ref: row.signal_ref ?? [],
  };
}
