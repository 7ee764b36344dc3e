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
  /** Nothing more is booked to it: settled already (W-24), or a stay that never was (W-17). */
  readonly closed: boolean;
}

interface SegmentRow {
  readonly workload_id: string;
  readonly segment: number;
  readonly fence: number;
  readonly zone: string;
  readonly pue_e4: number;
  readonly reserved_ms: string;
  readonly ended_ms: string | null;
  readonly closed: boolean;
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

async function segmentsOn(em: SqlEntityManager, orgId: string, nodeId: string, workloadIds: readonly string[]): Promise<JobHere[]> {
  const found = await rows(em, sql<SegmentRow>`
    select workload_id, segment, fence, zone, pue_e4, (extract(epoch from reserved_at) * 1000)::bigint as reserved_ms, (extract(epoch from ended_at) * 1000)::bigint as ended_ms,
           settled_at is not null or end_reason is not distinct from 'not_started' as closed
      from segments where workload_id = any(${[...workloadIds]}::uuid[]) and node_id = ${nodeId}`);
  return found.map((row) => ({
    orgId, workloadId: row.workload_id, segment: row.segment, fence: row.fence, zone: row.zone, pueE4: row.pue_e4, reservedAt: Number(row.reserved_ms),
    endedAt: row.ended_ms === null ? null : Number(row.ended_ms), closed: row.closed,
  }));
}
