import { sql } from 'kysely';
import type { Permission } from '#domain/permissions/catalogue';
import { one, rows, type Database } from '#platform/db/in-org';
import { digestOf, sameDigest } from '#platform/identity/api-key';
import type { Principal } from './caller.ts';

interface KeyRow {
  readonly org_id: string;
  readonly org_slug: string;
  readonly org_kind: Principal['orgKind'];
  readonly org_status: string;
  readonly id: string;
  readonly prefix: string;
  readonly digest: Buffer;
  readonly permissions: readonly Permission[];
  readonly status: string;
  readonly expires_at: string | null;
}

/** Looks a key up by its id; the digest of the whole text decides, and nothing is accepted by its shape (P-50). */
export async function findKey({ statement }: Database, keyId: string): Promise<KeyRow | undefined> {
  return (await statement(sql<KeyRow>`select * from auth_api_key(${keyId})`))[0];
}

/** Work of the same size is done for a key that exists and for one that does not. */
const NOBODY = { digest: Buffer.alloc(32) };

export function principalOf(row: KeyRow | undefined, text: string, nowMs: number): Principal | undefined {
  const genuine = sameDigest((row ?? NOBODY).digest, digestOf(text));
  if (!row || !genuine || !['active', 'rotating'].includes(row.status)) return undefined;
  if (row.expires_at !== null && Date.parse(row.expires_at) <= nowMs) return undefined;
  return {
    orgId: row.org_id, orgSlug: row.org_slug, orgKind: row.org_kind, orgStatus: row.org_status, credentialId: row.id,
    permissions: new Set(row.permissions), operator: row.permissions.includes('platform.operate'),
  };
}

export const readEpoch = ({ inSystem }: Database): Promise<string> =>
  inSystem(async (em) => (await one(em, sql<{ epoch: string }>`select epoch from credential_epoch`)).epoch);


export const noteKeysUsed = ({ inOrg }: Database, orgId: string, ids: readonly string[]): Promise<unknown> =>
  inOrg(orgId, (em) => rows(em, sql`update api_keys set last_used_at = clock_timestamp() where id = any(${[...ids]}::uuid[])`));
