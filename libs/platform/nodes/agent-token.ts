import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyRing } from '#platform/config/key-ring';

const NONCE = 12;
const TAG = 16;

/**
 * The secret by which an agent knows us must be sent again, so it is stored, sealed with AES-256-GCM under the active master
 * key and bound to its node: moved to another row it does not open. Form: key id, 0, nonce, ciphertext, tag.
 */
export function sealToken({ active, keys }: KeyRing, nodeId: string, token: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keys.get(active)!, nonce).setAAD(Buffer.from(aad(nodeId)));
  return Buffer.concat([Buffer.from(`${active}\0`), nonce, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when the key is not in the ring, or the bytes are not that node's */
export function openToken({ keys }: KeyRing, nodeId: string, sealed: Buffer): string {
  const end = sealed.indexOf(0);
  const id = sealed.subarray(0, end).toString();
  const key = keys.get(id);
  if (!key) throw new Error(`WATTBOOK_MASTER_KEYS has no key ${id}, under which a node's token is sealed; put it back to read, not as the active one`);
  const nonce = sealed.subarray(end + 1, end + 1 + NONCE);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad(nodeId))).setAuthTag(sealed.subarray(-TAG));
  return decipher.update(sealed.subarray(end + 1 + NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8');
}

const aad = (nodeId: string): string => `node_credentials/agent_token/${nodeId}`;
