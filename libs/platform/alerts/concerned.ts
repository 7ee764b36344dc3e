import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { raiseAlert, resolveAlert, type NewAlert } from './raise.ts';

/** Binds the transaction to an organisation (`inSystem`). */
type ActAs = (orgId: string) => Promise<void>;

/** W-112: the operator, the owners of the zone's nodes and every organisation with work there. */
export const concernedByZone = async (em: SqlEntityManager, zone: string): Promise<string[]> =>
  (await rows(em, sql<{ org_id: string }>`
    select platform_org_id() as org_id where platform_org_id() is not null
    union select owner_org_id from nodes where zone = ${zone} and state <> 'retired'
    union select org_id from workload_directory where zone = ${zone} and state in ('placing', 'running', 'checkpointing', 'moving', 'paused')`)).map(({ org_id }) => org_id);

/** Each in its turn and always in one order: two transactions that alert the same organisations never wait for each other crosswise. */
export async function raiseForEach(em: SqlEntityManager, actAs: ActAs, orgIds: readonly string[], alert: NewAlert): Promise<void> {
  for (const orgId of orgIds.toSorted()) {
    await actAs(orgId);
    await raiseAlert(em, orgId, alert);
  }
}

export async function resolveForEach(em: SqlEntityManager, actAs: ActAs, orgIds: readonly string[], dedupKey: string): Promise<void> {
  for (const orgId of orgIds.toSorted()) {
    await actAs(orgId);
    await resolveAlert(em, orgId, dedupKey);
  }
}
