import { sql } from 'kysely';
import { UTILISATION_E3, jobPowerMw, energyOver, type PowerModel } from '#domain/fleet/power';
import { energyCost, facilityEnergy, operationalGrams } from '#domain/quantities/energy';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4 } from '#domain/quantities/quantities';
import type { WorkKind } from '#domain/routing/types';
import { holesOf, type Span } from '#domain/workload/gaps';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/** A segment that ran, with what its gaps are filled from. */
export interface RanSegment {
  readonly segment: number;
  readonly node_id: string;
  readonly zone: string;
  readonly kind: WorkKind;
  readonly gpus: number;
  readonly gpus_in_node: number;
  readonly power_model: PowerModel;
  readonly time_scale: number;
  readonly pue_e4: number;
  readonly adder: string;
  readonly from_ms: string;
  readonly to_ms: string;
}

export const ranSegments = (em: SqlEntityManager, workloadId: string) =>
  rows(em, sql<RanSegment>`
    select s.segment, s.node_id, s.zone, w.kind, s.gpus, n.gpus as gpus_in_node, n.power_model, s.time_scale, s.pue_e4, s.energy_adder_micro_usd_per_mwh as adder,
           round(extract(epoch from s.started_at) * 1000) as from_ms, round(extract(epoch from s.ended_at) * 1000) as to_ms
      from segments s join workloads w on w.id = s.workload_id join nodes n on n.id = s.node_id
     where s.workload_id = ${workloadId} and s.started_at is not null order by s.segment`);

/** Parts of the segment's time that no accepted report of its node covers. */
export async function holes(em: SqlEntityManager, { node_id, from_ms, to_ms }: RanSegment): Promise<Span[]> {
  const reported = await rows(em, sql<{ from_ms: string; to_ms: string }>`
    select round(extract(epoch from interval_start) * 1000) as from_ms, round(extract(epoch from interval_end) * 1000) as to_ms from energy_reports
     where node_id = ${node_id} and interval_end > to_timestamp(${from_ms}::float8 / 1000) and interval_start < to_timestamp(${to_ms}::float8 / 1000)
       and interval_start > to_timestamp(${from_ms}::float8 / 1000) - interval '10 minutes'`);
  return holesOf({ fromMs: Number(from_ms), toMs: Number(to_ms) }, reported.map((one) => ({ fromMs: Number(one.from_ms), toMs: Number(one.to_ms) })));
}

interface SignalRow {
  readonly value: string;
  readonly sha256: string;
  readonly quality: string;
}

/** W-24: the power model fills a gap, grade `estimated`, as a line of its signal interval (M-43); the books go by it like by any other. */
export async function bookEstimate(em: SqlEntityManager, workloadId: string, ran: RanSegment, { fromMs, toMs }: Span, lengthS: number): Promise<void> {
  const power = jobPowerMw(ran.power_model, { gpus: ran.gpus, u: UTILISATION_E3[ran.kind] }, { gpus: ran.gpus_in_node, busyGpus: ran.gpus });
  const start = new Date(Math.floor(fromMs / (lengthS * 1_000)) * lengthS * 1_000).toISOString();
  const [line] = await rows(em, sql<{ energy_mj: string }>`select energy_mj from energy_lines where workload_id = ${workloadId} and segment = ${ran.segment} and interval_start = ${start}`);
  const added = energyOver(power, BigInt(toMs - fromMs) * BigInt(ran.time_scale));
  const energy = milliJoules(added + BigInt(line?.energy_mj ?? 0));
  const signal = (kind: string, basis: string | null) => rows(em, sql<SignalRow>`
    select value, sha256, quality from grid_signals where zone = ${ran.zone} and kind = ${kind} and basis is not distinct from ${basis} and fuel is null and interval_start = ${start}
     order by issued_at desc limit 1`);
  const [[intensity], [price]] = [await signal('intensity', 'average_lifecycle'), await signal('price', null)];
  const pue = pueE4(BigInt(ran.pue_e4));
  const grams = intensity ? operationalGrams(energy, pue, mgPerKwh(BigInt(intensity.value))) : null;
  const perMwh = price ? microUsdPerMwh(BigInt(price.value) + BigInt(ran.adder)) : null;
  const cost = perMwh === null ? null : energyCost(energy, pue, perMwh);
  await rows(em, sql`
    insert into energy_lines (org_id, workload_id, segment, interval_start, length_s, node_id, zone, energy_mj, pue_e4, intensity_mg_per_kwh, price_micro_usd_per_mwh,
                              operational_ng, energy_micro_usd, grade, quality, signal_refs)
    values (current_setting('app.org')::uuid, ${workloadId}, ${ran.segment}, ${start}, ${lengthS}, ${ran.node_id}, ${ran.zone}, ${energy}, ${ran.pue_e4}, ${intensity?.value ?? null}, ${perMwh},
            ${grams}, ${cost}, 'estimated', ${intensity?.quality ?? null}, ${[intensity?.sha256, price?.sha256].filter((ref) => ref !== undefined)})
    on conflict (org_id, workload_id, segment, interval_start) do update set energy_mj = excluded.energy_mj, operational_ng = excluded.operational_ng,
      energy_micro_usd = excluded.energy_micro_usd, grade = 'estimated'`);
}

/** Segment and workload hold the sums of their lines, so that what is shown is what the lines say. */
export async function sumLines(em: SqlEntityManager, workloadId: string): Promise<void> {
  await rows(em, sql`
    update segments s set energy_mj = coalesce((select sum(energy_mj) from energy_lines l where l.workload_id = s.workload_id and l.segment = s.segment), 0) where s.workload_id = ${workloadId}`);
  const lines = await rows(em, sql<{ energy_mj: string; pue_e4: number; ng: string | null; usd: string | null; grade: string }>`
    select energy_mj, pue_e4, operational_ng as ng, energy_micro_usd as usd, grade from energy_lines where workload_id = ${workloadId}`);
  const total = (of: (line: (typeof lines)[number]) => bigint) => lines.reduce((sum, line) => sum + of(line), 0n);
  const grades = new Set(lines.map(({ grade }) => grade));
  const grade = ['estimated', 'modelled', 'measured'].find((one) => grades.has(one)) ?? null;
  await rows(em, sql`
    update workloads set energy_mj = ${total(({ energy_mj }) => BigInt(energy_mj))}, facility_mj = ${total(({ energy_mj, pue_e4 }) => facilityEnergy(milliJoules(BigInt(energy_mj)), pueE4(BigInt(pue_e4))))},
           operational_ng = ${total(({ ng }) => BigInt(ng ?? 0))}, energy_micro_usd = ${total(({ usd }) => BigInt(usd ?? 0))}, grade = ${grade}
     where id = ${workloadId}`);
}
