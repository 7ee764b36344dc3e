import { sql } from 'kysely';
import { one, type SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { PublicKey } from '#platform/signing/ed25519';
import type { NodePrincipal } from './node-token.ts';
import type { ChangeNodeKey } from './nodes.schemas.ts';
import { acceptableKey, keyIdOf, refuseUsedKey } from './register.ts';

const text = new TextEncoder();
/** What both keys sign: the new one to prove itself, the old one to hand over (W-14). */
export const keyChangeText = (nodeId: string, x: string): Uint8Array => text.encode(`wattbook/node-key/v1\n${nodeId}\n${x}`);

/** W-14: the key in force hands over to the next; the old one stays known, so that its reports still verify. */
export async function changeKey(em: SqlEntityManager, node: NodePrincipal, body: ChangeNodeKey): Promise<{ node_id: string; key_id: string }> {
  const next = acceptableKey(body.public_key);
  const message = keyChangeText(node.nodeId, next.jwk.x);
  const current = PublicKey.fromJwk({ kty: 'OKP', crv: 'Ed25519', x: node.publicKey });
  if (!current.verify(message, Buffer.from(body.signature, 'base64url'))) throw new Problem('key-mismatch', 'The change is not signed by the key in force. Without it only a new enrolment by the owner changes the key.');
  if (!next.verify(message, Buffer.from(body.proof, 'base64url'))) throw new Problem('key-unacceptable', 'The new key did not sign the change itself.');
  if ([node.publicKey, ...node.retiredKeys.map(({ public_key }) => public_key)].includes(next.jwk.x)) throw new Problem('key-unacceptable', 'This key was used before; make a new one.');
  await refuseUsedKey(em, next, node.nodeId);
  return one(em, sql<{ node_id: string; key_id: string }>`
    update node_credentials set key_id = ${keyIdOf(next.jwk.x)}, public_key = ${next.jwk.x},
           retired_keys = retired_keys || jsonb_build_object('key_id', key_id, 'public_key', public_key, 'retired_at', clock_timestamp())
     where node_id = ${node.nodeId} returning node_id, key_id`);
}
