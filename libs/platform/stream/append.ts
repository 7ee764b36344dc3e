import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/** W-89: what a stream of an organisation tells of its own. */
export type TenantEventName =
  | 'workload.state' | 'workload.placed' | 'workload.progress' | 'workload.decision' | 'workload.moved' | 'workload.energy' | 'workload.budget' | 'alert';
/** What every organisation hears: nothing of any tenant may stand in its data. */
export type PublicEventName = 'grid.signal' | 'grid.event' | 'node.state';

/** Small plain JSON: ids, states, figures as texts. */
export type EventData = Readonly<Record<string, unknown>>;

/**
 * Says it in the same transaction as the change itself: what was rolled back was never said, and nothing is said before it is so.
 * The transaction must be bound to the organisation (`inOrg`, `actAs`).
 */
export async function append(em: SqlEntityManager, orgId: string, name: TenantEventName, data: EventData, workloadId?: string): Promise<void> {
  await rows(em, sql`insert into stream_events (org_id, workload_id, name, data) values (${orgId}, ${workloadId ?? null}, ${name}, ${JSON.stringify(data)}::jsonb)`);
}

/** As `append`, to everybody; needs no organisation. */
export async function appendPublic(em: SqlEntityManager, name: PublicEventName, data: EventData): Promise<void> {
  await rows(em, sql`insert into public_stream_events (name, data) values (${name}, ${JSON.stringify(data)}::jsonb)`);
}
