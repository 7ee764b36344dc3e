import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { digestOf } from '#platform/identity/api-key';
import { unauthenticated } from '../identity/credential.ts';

export interface RetiredKey {
  readonly key_id: string;
  readonly public_key: string;
}

/** A node as its own token says (W-15). */
export interface NodePrincipal {
  readonly orgId: string;
  readonly nodeId: string;
  readonly keyId: string;
  /** JWK member x of the key in force. */
  readonly publicKey: string;
  readonly retiredKeys: readonly RetiredKey[];
}

interface TokenRow {
  readonly org_id: string;
  readonly node_id: string;
  readonly key_id: string;
  readonly public_key: string;
  readonly retired_keys: readonly RetiredKey[];
}

export const bearerOf = (authorization: string | undefined): string => {
  const token = /^Bearer (\S{1,300})$/.exec(authorization ?? '')?.[1];
  if (!token) throw unauthenticated();
  return token;
};

/** Looked up for each call by the token's digest, never cached: what is revoked is dead with the next call. */
export async function nodeOf(em: SqlEntityManager, authorization: string | undefined, nodeId: string): Promise<NodePrincipal> {
  const [row] = await rows(em, sql<TokenRow>`select * from auth_node_token(${digestOf(bearerOf(authorization))})`);
  if (!row) throw new Problem('unauthenticated', 'The node token is not in force. Register again with an enrolment token.', {}, { 'www-authenticate': 'Bearer' });
  if (row.node_id !== nodeId) throw new Problem('unauthenticated', 'This token is another node\'s.', {}, { 'www-authenticate': 'Bearer' });
  return { orgId: row.org_id, nodeId: row.node_id, keyId: row.key_id, publicKey: row.public_key, retiredKeys: row.retired_keys };
}
