import { sql } from 'kysely';
import { signalIntervalStart } from '#domain/energy-report/allocation';
import { UTILISATION_E3, jobPowerMw, energyOver, type PowerModel } from '#domain/fleet/power';
import type { WorkKind } from '#domain/routing/words';
import { cutByInterval, holesOf, type Span } from '#domain/workload/gaps';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { LineEnergy } from '#platform/nodes/reports/energy-lines';

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
  readonly from_ms: string;
  readonly to_ms: string;
}

export const ranSegments = (em: SqlEntityManager, workloadId: string) =>
  rows(em, sql<RanSegment>`
    select s.segment, s.node_id, s.zone, w.kind, s.gpus, n.gpus as gpus_in_node, n.power_model, s.time_scale, s.pue_e4,
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

/** W-24: the power model fills a gap, grade `estimated`, as lines of its signal intervals (M-43); the books go by them like by any other. */
export function estimateLines(workloadId: string, ran: RanSegment, gaps: readonly Span[], lengthS: number): LineEnergy[] {
  const power = jobPowerMw(ran.power_model, { gpus: ran.gpus, u: UTILISATION_E3[ran.kind] }, { gpus: ran.gpus_in_node, busyGpus: ran.gpus });
  return gaps.flatMap((gap) => cutByInterval(gap, lengthS * 1_000)).map(({ fromMs, toMs }) => ({
    workloadId, segment: ran.segment, intervalStart: signalIntervalStart(fromMs, lengthS), lengthS, nodeId: ran.node_id, zone: ran.zone,
    energyMj: energyOver(power, BigInt(toMs - fromMs) * BigInt(ran.time_scale)), pueE4: ran.pue_e4, grade: 'estimated',
  }));
}
