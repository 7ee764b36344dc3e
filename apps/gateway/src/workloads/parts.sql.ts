import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { toIso } from '#platform/workloads/time';

type After = readonly string[] | undefined;

interface SegmentRow {
  readonly segment: number;
  readonly fence: number;
  readonly node: string;
  readonly zone: string;
  readonly gpus: number;
  readonly reserved_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly end_reason: string | null;
  readonly energy_mj: string;
  readonly gpu_seconds: string | null;
  readonly units_start: string;
  readonly units_end: string | null;
  readonly billable: boolean;
  readonly price_micro_usd_per_gpu_hour: string;
  readonly pue_e4: number;
}

/** Stays of a workload in their order. GPU seconds of one that still runs are not known yet: null, not 0. */
export async function listSegments(em: SqlEntityManager, workloadId: string, after: After, take: number) {
  const found = await rows(em, sql<SegmentRow>`
    select s.segment, s.fence, n.slug as node, s.zone, s.gpus, s.reserved_at, s.started_at, s.ended_at, s.end_reason, s.energy_mj,
           case when s.started_at is null or s.ended_at is not null then s.gpu_seconds end as gpu_seconds, s.units_start, s.units_end, s.billable,
           s.price_micro_usd_per_gpu_hour, s.pue_e4
      from segments s join nodes n on n.id = s.node_id
     where s.workload_id = ${workloadId} and s.segment > ${Number(after?.[0] ?? 0)} order by s.segment limit ${take}`);
  return found.map(({ units_start, units_end, ...row }) => ({
    ...row, reserved_at: toIso(row.reserved_at), started_at: toIso(row.started_at), ended_at: toIso(row.ended_at),
    units_start: Number(units_start), units_end: units_end === null ? null : Number(units_end),
  }));
}

interface EnergyRow {
  readonly segment: number;
  readonly node: string;
  readonly zone: string;
  readonly interval_start: string;
  readonly length_s: number;
  readonly energy_mj: string;
  readonly pue_e4: number;
  readonly intensity_mg_per_kwh: string | null;
  readonly price_micro_usd_per_mwh: string | null;
  readonly operational_ng: string | null;
  readonly energy_micro_usd: string | null;
  readonly grade: string;
  readonly quality: string | null;
  readonly signal_refs: readonly string[];
}

/** One line for each segment and signal interval (C-6); grams and money are null where the zone had no signal. */
export async function listEnergy(em: SqlEntityManager, workloadId: string, after: After, take: number) {
  const [segment = '0', start = '-infinity'] = after ?? [];
  const found = await rows(em, sql<EnergyRow>`
    select l.segment, n.slug as node, l.zone, l.interval_start, l.length_s, l.energy_mj, l.pue_e4, l.intensity_mg_per_kwh, l.price_micro_usd_per_mwh,
           l.operational_ng, l.energy_micro_usd, l.grade, l.quality, l.signal_refs
      from energy_lines l join nodes n on n.id = l.node_id
     where l.workload_id = ${workloadId} and (l.segment, l.interval_start) > (${Number(segment)}::int, ${start}::timestamptz)
     order by l.segment, l.interval_start limit ${take}`);
  return found.map((row) => ({ ...row, interval_start: toIso(row.interval_start), reason: row.operational_ng === null ? 'no_signal' : null }));
}

interface DecisionRow {
  readonly id: string;
  readonly decided_at: string;
  readonly summary: Readonly<Record<string, unknown>>;
}

/** Newest first. A list leaves out what makes a decision long; each is whole under its own address (W-77). */
export async function listDecisions(em: SqlEntityManager, workloadId: string, after: After, take: number) {
  return rows(em, sql<DecisionRow>`
    select id, decided_at, body - 'candidates' - 'excluded_sample' - 'plan' as summary from decisions
     where workload_id = ${workloadId} ${after ? sql`and (decided_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)` : sql``}
     order by decided_at desc, id desc limit ${take}`);
}

interface HistoryRow {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly created_at: string;
}

/** What the stream of this workload told, oldest first. */
export async function listHistory(em: SqlEntityManager, workloadId: string, after: After, take: number) {
  const found = await rows(em, sql<HistoryRow>`
    select id, name, data, created_at from stream_events where workload_id = ${workloadId} and id > ${after?.[0] ?? '0'}::bigint order by id limit ${take}`);
  return found.map(({ id, name, data, created_at }) => ({ id, event: name, created_at: toIso(created_at), data }));
}
