import { sql } from 'kysely';
import type { ReportWithOpenings } from '#domain/energy-report/report';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { isUuid } from '#platform/ids/uuidv7';

export type ActAs = (orgId: string) => Promise<void>;

/** A segment that was placed on this node, as the openings of its reports name it. Times in ms since 1970. */
export interface JobHere {
  readonly orgId: string;
  readonly workloadId: string;
  readonly segment: number;
  readonly fence: number;
  readonly zone: string;
  readonly pueE4: number;
  readonly reservedAt: number;
  readonly endedAt: number | null;
  /** Its fact is posted: what comes now is a correction (W-24). */
  readonly isSettled: boolean;
  /** A segment whose job never ran (W-17): nothing is booked to it. */
  readonly neverWas: boolean;
}

interface SegmentRow {
  readonly workload_id: string;
  readonly segment: number;
  readonly fence: number;
  readonly zone: string;
  readonly pue_e4: number;
  readonly reserved_ms: string;
  readonly ended_ms: string | null;
  readonly settled: boolean;
  readonly never_was: boolean;
}

export const jobKey = (jobId: string, fence: number): string => `${fence} ${jobId}`;

/** The jobs that the batch opens and that were placed here; each tenant's are read as that tenant. */
export async function loadJobsHere(em: SqlEntityManager, actAs: ActAs, nodeId: string, batch: readonly ReportWithOpenings[]): Promise<ReadonlyMap<string, JobHere>> {
  const ids = [...new Set(batch.flatMap(({ openings }) => openings.map(({ job_id }) => workloadOf(job_id))))].filter(isUuid);
  if (ids.length === 0) return new Map();
  const owners = await rows(em, sql<{ workload_id: string; org_id: string }>`select workload_id, org_id from workload_directory where workload_id = any(${ids}::uuid[])`);
  const here = new Map<string, JobHere>();
  for (const [orgId, own] of [...Map.groupBy(owners, ({ org_id }) => org_id)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await actAs(orgId);
    for (const job of await segmentsOn(em, orgId, nodeId, own.map(({ workload_id }) => workload_id))) here.set(jobKey(`${job.workloadId}.${job.segment}`, job.fence), job);
  }
  return here;
}

const workloadOf = (jobId: string): string => jobId.slice(0, jobId.lastIndexOf('.'));

/** Locked before they are read: a settlement that is under way ends first, or begins after the batch, so no line changes under a posted fact. */
async function segmentsOn(em: SqlEntityManager, orgId: string, nodeId: string, workloadIds: readonly string[]): Promise<JobHere[]> {
  const found = await rows(em, sql<SegmentRow>`
    select s.workload_id, s.segment, s.fence, s.zone, s.pue_e4, (extract(epoch from s.reserved_at) * 1000)::bigint as reserved_ms, (extract(epoch from s.ended_at) * 1000)::bigint as ended_ms,
           s.settled_at is not null as settled, s.end_reason is not distinct from 'not_started' as never_was
      from workloads w join segments s on s.workload_id = w.id
     where w.id = any(${[...workloadIds]}::uuid[]) and s.node_id = ${nodeId} order by w.id, s.segment for no key update`);
  return found.map((row) => ({
    orgId, workloadId: row.workload_id, segment: row.segment, fence: row.fence, zone: row.zone, pueE4: row.pue_e4, reservedAt: Number(row.reserved_ms),
    endedAt: row.ended_ms === null ? null : Number(row.ended_ms), isSettled: row.settled, neverWas: row.never_was,
  }));
}
