import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

export interface ApiKeyRow {
  readonly id: string;
  readonly key_id: string;
  readonly prefix: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly status: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

const time = (column: string) => sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${sql.ref(column)}`;
const COLUMNS = sql`id, key_id, prefix, name, permissions as scopes, status, ${time('created_at')}, ${time('expires_at')}, ${time('revoked_at')}, ${time('last_used_at')}`;

export const findApiKeys = (em: SqlEntityManager, after: readonly string[] | undefined, take: number): Promise<ApiKeyRow[]> =>
  rows(em, sql<ApiKeyRow>`select ${COLUMNS} from api_keys where ${after?.[0] ?? null}::uuid is null or id < ${after?.[0] ?? null}::uuid order by id desc limit ${take}`);

export const findApiKey = async (em: SqlEntityManager, id: string): Promise<ApiKeyRow | undefined> => (await rows(em, sql<ApiKeyRow>`select ${COLUMNS} from api_keys where id = ${id}`))[0];

/** @returns false where it was out of force already: then nothing changes and nothing is audited again (P-54) */
export async function endApiKey(em: SqlEntityManager, id: string, status: 'revoked' | 'quarantined'): Promise<boolean> {
  const changed = await rows(em, sql`
    update api_keys set status = ${status}, revoked_at = clock_timestamp() where id = ${id} and status in ('active', 'rotating') returning id`);
  return changed.length > 0;
}
