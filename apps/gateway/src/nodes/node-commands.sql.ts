import { sql } from 'kysely';
import type { NodeState } from '#domain/fleet/node-state';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { isUuid } from '#platform/ids/uuidv7';

export type Desired = 'serve' | 'drain' | 'stop';

export interface LockedNode {
  readonly id: string;
  readonly slug: string;
  readonly zone: string;
  readonly ownerOrgId: string;
  readonly state: NodeState;
  readonly desired: Desired;
  readonly gpusReserved: number;
}

/** By id or slug. Held until the command is done, so that two of them, and a placement, come one after the other. */
export async function lockNode(em: SqlEntityManager, idOrSlug: string): Promise<LockedNode | undefined> {
  const [row] = await rows(em, sql<{ id: string; slug: string; zone: string; owner_org_id: string; state: NodeState; desired: Desired; gpus_reserved: number }>`
    select id, slug, zone, owner_org_id, state, desired, gpus_reserved from nodes where ${isUuid(idOrSlug) ? sql`id = ${idOrSlug}` : sql`slug = ${idOrSlug}`} for no key update`);
  return row && { id: row.id, slug: row.slug, zone: row.zone, ownerOrgId: row.owner_org_id, state: row.state, desired: row.desired, gpusReserved: row.gpus_reserved };
}

export const setDesired = (em: SqlEntityManager, nodeId: string, desired: Desired) => rows(em, sql`update nodes set desired = ${desired} where id = ${nodeId}`);

/** They stay in the record, but count no more towards the next quarantine (W-31). */
export const forgiveStrikes = (em: SqlEntityManager, nodeId: string) =>
  rows(em, sql`
    update node_runtime set strikes = (select coalesce(jsonb_agg(s || '{"forgiven": true}' order by n), '[]') from jsonb_array_elements(strikes) with ordinality t (s, n)) where node_id = ${nodeId}`);
