import { sql } from 'kysely';
import type { PowerModel } from '#domain/fleet/power';
import type { Hardware, ReportWithOpenings } from '#domain/energy-report/report';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';

/** A node as its token says: who it is and under which keys its reports verify. */
export interface ReportingNode {
  readonly orgId: string;
  readonly nodeId: string;
  readonly keyId: string;
  readonly publicKey: string;
  readonly retiredKeys: readonly { readonly key_id: string; readonly public_key: string }[];
}

export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** What is known before a batch is judged. */
export interface NodeFacts {
  /** The database's clock, ms. */
  readonly now: number;
  readonly zone: string;
  readonly state: string;
  readonly timeScale: number;
  readonly hardware: Hardware;
  readonly power: PowerModel;
  /** Length of a signal interval of the zone. */
  readonly intervalS: number;
  readonly nonces: readonly (string | null)[];
  /** The last report of any boot that arrived, accepted or not: what the next one may name. */
  readonly lastReceived: { readonly bootId: string; readonly sequence: number; readonly sha256: string } | undefined;
  /** Accepted reports of the batch's boots and sequences: key `boot sequence` → sha256. */
  readonly accepted: Map<string, string>;
  /** Newest accepted of each boot. */
  readonly newest: Map<string, { readonly sequence: number; readonly sha256: string }>;
  /** Accepted intervals that touch the batch's span. */
  readonly taken: Interval[];
}

interface FactsRow {
  readonly now_ms: string;
  readonly zone: string;
  readonly state: string;
  readonly time_scale: number;
  readonly hardware: Hardware;
  readonly power_model: PowerModel;
  readonly length_s: number;
  readonly report_nonce: string | null;
  readonly previous_report_nonce: string | null;
  readonly last_report_boot_id: string | null;
  readonly last_report_sequence: string;
  readonly last_report_sha256: string | null;
}

export const reportKey = (bootId: string, sequence: number): string => `${bootId} ${sequence}`;
const iso = (ms: number): string => new Date(ms).toISOString();
/** A zone whose clock has not ticked yet. */
const USUAL_INTERVAL_S = 300;

/** Locks the node's runtime row first: two batches of one node are judged one after the other. */
export async function loadFacts(em: SqlEntityManager, nodeId: string, batch: readonly ReportWithOpenings[]): Promise<NodeFacts> {
  const row = await one(em, sql<FactsRow>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms, n.zone, n.state, n.time_scale, n.hardware, n.power_model, coalesce(c.length_s, ${USUAL_INTERVAL_S}) as length_s,
           r.report_nonce, r.previous_report_nonce, r.last_report_boot_id, r.last_report_sequence, r.last_report_sha256
      from node_runtime r join nodes n on n.id = r.node_id left join grid_clock c on c.zone = n.zone
     where r.node_id = ${nodeId} for update of r`);
  const boots = [...new Set(batch.map(({ report }) => report.boot_id))];
  const starts = batch.map(({ report }) => Date.parse(report.interval_start));
  const ends = batch.map(({ report }) => Date.parse(report.interval_end));
  const [known, newest, taken] = [
    await rows(em, sql<{ boot_id: string; sequence: string; sha256: string }>`
      select boot_id, sequence, sha256 from energy_reports
       where node_id = ${nodeId} and boot_id = any(${boots}) and sequence = any(${batch.map(({ report }) => report.sequence)}::bigint[])`),
    await rows(em, sql<{ boot_id: string; sequence: string; sha256: string }>`
      select b.boot_id, e.sequence, e.sha256 from unnest(${boots}::text[]) b (boot_id)
       cross join lateral (select sequence, sha256 from energy_reports where node_id = ${nodeId} and boot_id = b.boot_id order by sequence desc limit 1) e`),
    await rows(em, sql<{ start_ms: string; end_ms: string }>`
      select (extract(epoch from interval_start) * 1000)::bigint as start_ms, (extract(epoch from interval_end) * 1000)::bigint as end_ms from energy_reports
       where node_id = ${nodeId} and interval_end > ${iso(Math.min(...starts))} and interval_start < ${iso(Math.max(...ends))}`),
  ];
  return {
    now: Number(row.now_ms), zone: row.zone, state: row.state, timeScale: row.time_scale, hardware: row.hardware, power: row.power_model, intervalS: row.length_s,
    nonces: [row.report_nonce, row.previous_report_nonce],
    lastReceived: row.last_report_boot_id && row.last_report_sha256 ? { bootId: row.last_report_boot_id, sequence: Number(row.last_report_sequence), sha256: row.last_report_sha256 } : undefined,
    accepted: new Map(known.map(({ boot_id, sequence, sha256 }) => [reportKey(boot_id, Number(sequence)), sha256])),
    newest: new Map(newest.map(({ boot_id, sequence, sha256 }) => [boot_id, { sequence: Number(sequence), sha256 }])),
    taken: taken.map(({ start_ms, end_ms }) => ({ start: Number(start_ms), end: Number(end_ms) })),
  };
}
