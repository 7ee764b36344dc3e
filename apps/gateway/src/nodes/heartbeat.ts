import { sql } from 'kysely';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import type { ReportNonces } from '#platform/nodes/report-nonce';
import type { Heartbeat } from './nodes.schemas.ts';

interface BeatRow {
  readonly now_ms: string;
  readonly desired: 'serve' | 'drain' | 'stop';
  readonly report_nonce: string;
}

/**
 * W-18: what the node says of itself. It changes no workload: those ask the job. A beat that arrives after a later one of its
 * boot changes nothing; a gap of 15 s begins the row of beats anew, since three in a row bring a silent node back.
 */
export async function takeHeartbeat(em: SqlEntityManager, nodeId: string, beat: Heartbeat, nonces: ReportNonces): Promise<{ server_time: string; desired: string; report_nonce: string }> {
  const { now_ms: began } = await one(em, sql<{ now_ms: string }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`);
  await rows(em, sql`
    update node_runtime set boot_id = ${beat.boot_id}, heartbeat_sequence = ${beat.sequence}, availability = ${beat.availability}, meter = ${beat.meter}, gpus_free = ${beat.gpus_free},
           heartbeats_in_row = case when last_heartbeat_at > clock_timestamp() - interval '15 seconds' then least(heartbeats_in_row + 1, 1000) else 1 end,
           -- Calls that another process did not answer say nothing of this one.
           failed_calls = case when boot_id is distinct from ${beat.boot_id} then 0 else failed_calls end,
           last_heartbeat_at = clock_timestamp()
     where node_id = ${nodeId} and (boot_id is distinct from ${beat.boot_id} or heartbeat_sequence < ${beat.sequence})`);
  // A nonce is the newest for 5 minutes and the one before for 5 more.
  await rows(em, sql`
    update node_runtime set previous_report_nonce = report_nonce, report_nonce = ${nonces.make(nodeId, Number(began))}, report_nonce_at = clock_timestamp()
     where node_id = ${nodeId} and report_nonce_at < clock_timestamp() - interval '5 minutes'`);
  const { now_ms, desired, report_nonce } = await one(em, sql<BeatRow>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms, n.desired, r.report_nonce from node_runtime r join nodes n on n.id = r.node_id where r.node_id = ${nodeId}`);
  return { server_time: new Date(Number(now_ms)).toISOString(), desired, report_nonce };
}
