import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { ListAuditEvents } from './audit.schemas.ts';

interface AuditRow {
  readonly event: Readonly<Record<string, unknown>> & { readonly seq: number };
  readonly ip: string | null;
  readonly user_agent: string | null;
}

/** By rising sequence. An event is shown as it was hashed; only its context stands beside it, since that may be erased (P-59, P-60). */
export async function listAuditEvents(em: SqlEntityManager, { actor, action, target, outcome, request_id, from, to }: ListAuditEvents, after: readonly string[] | undefined, take: number) {
  const wanted = [
    sql`e.seq > ${after?.[0] ?? '0'}::bigint`,
    actor !== undefined && sql`e.event -> 'actor' ->> 'id' = ${actor}`,
    action !== undefined && sql`e.action = ${action}`,
    target !== undefined && sql`e.target_id = ${target}`,
    outcome !== undefined && sql`e.outcome = ${outcome}`,
    request_id !== undefined && sql`e.event ->> 'request_id' = ${request_id}`,
    from !== undefined && sql`e.occurred_at >= ${from}::timestamptz`,
    to !== undefined && sql`e.occurred_at < ${to}::timestamptz`,
  ].filter((condition) => condition !== false);
  const found = await rows(em, sql<AuditRow>`
    select e.event, c.ip, c.user_agent from audit_events e left join audit_context c on c.org_id = e.org_id and c.event_id = e.event_id
     where ${sql.join(wanted, sql` and `)} order by e.seq limit ${take}`);
  return found.map(({ event, ip, user_agent }) => ({ ...event, context: { ip, user_agent } }));
}
