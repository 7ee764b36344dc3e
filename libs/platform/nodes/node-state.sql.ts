import { sql } from 'kysely';
import type { Refusal } from '#domain/energy-report/refusals';
import type { NodeFacts, NodeState, NodeVerdict } from '#domain/fleet/node-state';
import { raiseForEach, resolveForEach } from '#platform/alerts/concerned';
import type { AlertKind } from '#platform/alerts/kinds';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { appendPublic } from '#platform/stream/append';

export type ActAs = (orgId: string) => Promise<void>;

/** Reports are pushed every 10 s unless a node says otherwise. */
const REPORT_MS = 10_000;

export interface WatchedNode {
  readonly id: string;
  readonly slug: string;
  readonly zone: string;
  readonly ownerOrgId: string;
  /** No GPU of it is held by any work. */
  readonly isEmpty: boolean;
  readonly facts: NodeFacts;
}

export type NamedNode = Pick<WatchedNode, 'id' | 'slug' | 'zone'>;

interface WatchRow {
  readonly id: string;
  readonly slug: string;
  readonly zone: string;
  readonly owner_org_id: string;
  readonly state: NodeState;
  readonly desired: NodeFacts['desired'];
  readonly heartbeat_age: string | null;
  readonly heartbeats_in_row: number;
  readonly answer_age: string | null;
  readonly report_age: string | null;
  readonly health: NodeFacts['health'];
  readonly meter: NodeFacts['meter'];
  readonly availability: NodeFacts['availability'];
  readonly failed_calls: number;
  readonly failed_age: string | null;
  readonly changes: string;
  readonly strikes: string;
  readonly empty: boolean;
}

const age = (column: string) => sql`round(extract(epoch from clock_timestamp() - ${sql.ref(column)}) * 1000)`;
const number = (text: string | null): number | null => (text === null ? null : Number(text));

/** Every node that is not retired, by the database's clock. */
export async function readFleet(em: SqlEntityManager): Promise<WatchedNode[]> {
  const found = await rows(em, sql<WatchRow>`
    select n.id, n.slug, n.zone, n.owner_org_id, n.state, n.desired, n.gpus_reserved = 0 as empty, ${age('r.last_heartbeat_at')} as heartbeat_age, r.heartbeats_in_row, ${age('r.last_health_at')} as answer_age,
           ${age('r.last_report_at')} as report_age, r.health, r.meter, r.availability, r.failed_calls, ${age('r.last_failed_call_at')} as failed_age,
           (select count(*) from unnest(r.recent_changes) c (at) where c.at > clock_timestamp() - interval '1 hour') as changes,
           (select count(*) from jsonb_array_elements(r.strikes) s where (s ->> 'at')::timestamptz > clock_timestamp() - interval '24 hours' and not coalesce((s ->> 'forgiven')::boolean, false)) as strikes
      from nodes n join node_runtime r on r.node_id = n.id where n.state <> 'retired' order by n.id`);
  return found.map((row) => ({
    id: row.id, slug: row.slug, zone: row.zone, ownerOrgId: row.owner_org_id, isEmpty: row.empty,
    facts: {
      state: row.state, desired: row.desired, heartbeatAgeMs: number(row.heartbeat_age), heartbeatsInRow: row.heartbeats_in_row, answerAgeMs: number(row.answer_age),
      reportAgeMs: number(row.report_age), reportMs: REPORT_MS, health: row.health, meter: row.meter, availability: row.availability, failedCalls: row.failed_calls,
      failedCallAgeMs: number(row.failed_age), changes: Number(row.changes), strikes: Number(row.strikes),
    },
  }));
}

const ALERTS: Partial<Record<NodeState, { readonly kind: AlertKind; readonly says: string }>> = {
  silent: { kind: 'node.silent', says: 'has sent no heartbeat for 15 s. It is asked directly; after 30 s its work is placed again elsewhere.' },
  offline: { kind: 'node.offline', says: 'has sent no heartbeat for 60 s and does not answer. Its work runs elsewhere.' },
  quarantined: { kind: 'node.quarantined', says: 'takes no work until an operator lifts its quarantine. Its work is moved.' },
};

/**
 * Writes a change of state once: whoever comes second with the same `from` changes nothing. Stream and alerts are written in
 * the same transaction; a node that is well again ends the alerts it had.
 */
export async function changeState(em: SqlEntityManager, actAs: ActAs, node: NamedNode, from: NodeState, { state, cause }: NodeVerdict): Promise<boolean> {
  const changed = await rows(em, sql`update nodes set state = ${state}, state_since = clock_timestamp(), state_cause = ${cause} where id = ${node.id} and state = ${from} returning id`);
  if (changed.length === 0) return false;
  await rows(em, sql`update node_runtime set recent_changes = (recent_changes || clock_timestamp())[greatest(cardinality(recent_changes) - 39, 1):] where node_id = ${node.id}`);
  await appendPublic(em, 'node.state', { id: node.id, slug: node.slug, zone: node.zone, state, from, cause });
  await alert(em, actAs, node, state, cause);
  return true;
}

async function alert(em: SqlEntityManager, actAs: ActAs, { id, slug, zone }: NamedNode, state: NodeState, cause: string): Promise<void> {
  const raised = ALERTS[state];
  if (raised) {
    const concerned = await concernedByNode(em, id);
    await rows(em, sql`update node_runtime set alerted_org_ids = array(select distinct unnest(alerted_org_ids || ${concerned}::uuid[])) where node_id = ${id}`);
    return raiseForEach(em, actAs, concerned, { kind: raised.kind, title: `Node ${slug} is ${state}`, body: `The node ${slug} (${cause}) ${raised.says}`, zone, subject: id, dedupKey: `${raised.kind}/${id}` });
  }
  if (state !== 'online' && state !== 'degraded') return;
  const { alerted_org_ids: told } = await one(em, sql<{ alerted_org_ids: string[] }>`select alerted_org_ids from node_runtime where node_id = ${id}`);
  for (const { kind } of Object.values(ALERTS)) await resolveForEach(em, actAs, told, `${kind}/${id}`);
  if (told.length > 0) await rows(em, sql`update node_runtime set alerted_org_ids = '{}' where node_id = ${id}`);
}

/** W-112: the operator, the owner and every organisation with work there. */
const concernedByNode = async (em: SqlEntityManager, nodeId: string): Promise<string[]> =>
  (await rows(em, sql<{ org_id: string }>`
    select platform_org_id() as org_id where platform_org_id() is not null
    union select owner_org_id from nodes where id = ${nodeId}
    union select org_id from workload_directory where node_id = ${nodeId}`)).map(({ org_id }) => org_id);

/** W-31: trust falls by 0.1 a strike; equivocation is quarantine at once, three strikes in 24 h by the next look at the fleet. */
export async function strike(em: SqlEntityManager, actAs: ActAs, nodeId: string, codes: readonly Refusal[]): Promise<void> {
  await rows(em, sql`
    update node_runtime set strikes = strikes || (select jsonb_agg(jsonb_build_object('code', code, 'at', clock_timestamp())) from unnest(${[...codes]}::text[]) as c (code)) where node_id = ${nodeId}`);
  await rows(em, sql`update nodes set trust_e3 = greatest(trust_e3 - ${codes.length * 100}, 0) where id = ${nodeId}`);
  if (!codes.includes('equivocation')) return;
  const [node] = (await readFleet(em)).filter(({ id }) => id === nodeId);
  if (node && node.facts.state !== 'quarantined') await changeState(em, actAs, node, node.facts.state, { state: 'quarantined', cause: 'equivocation' });
}

/** W-31: 24 clean hours add 0.02. A day's mark lies among the strikes, forgiven, so the next day is counted from it. */
export const rewardCleanDays = (em: SqlEntityManager) =>
  rows(em, sql`
    with clean as (
      update node_runtime r set strikes = r.strikes || jsonb_build_object('code', 'clean_day', 'at', clock_timestamp(), 'forgiven', true)
        from nodes n where n.id = r.node_id and n.state not in ('quarantined', 'retired') and n.trust_e3 < 1000
         and greatest(n.created_at, (select max((s ->> 'at')::timestamptz) from jsonb_array_elements(r.strikes) s)) < clock_timestamp() - interval '24 hours'
      returning n.id)
    update nodes set trust_e3 = least(trust_e3 + 20, 1000) where id in (select id from clean)`);

/** The node answered us: what it said of its health counts until it says otherwise. */
export const recordHealth = (em: SqlEntityManager, nodeId: string, health: 'ok' | 'degraded', meter: 'ok' | 'no_reading') =>
  rows(em, sql`update node_runtime set last_health_at = clock_timestamp(), health = ${health}, meter = ${meter} where node_id = ${nodeId}`);

/** A call that failed (W-34); those of one minute count together. */
export const recordFailedCall = (em: SqlEntityManager, nodeId: string) =>
  rows(em, sql`
    update node_runtime set failed_calls = case when last_failed_call_at > clock_timestamp() - interval '60 seconds' then failed_calls + 1 else 1 end, last_failed_call_at = clock_timestamp()
     where node_id = ${nodeId}`);
