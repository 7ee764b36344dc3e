import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { ValueError, type Payload, type PayloadCodec } from '@temporalio/common';
import type { KeyRing } from '#platform/config/key-ring';

export const ENCRYPTED = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LARGEST = 256 * 1024;

/** A payload that this process cannot read: changed, of another namespace, or of a key that the ring does not hold. */
export class PayloadNotReadable extends Error {
  override readonly name = 'PayloadNotReadable';
}

/**
 * AES-256-GCM with the namespace as additional data (O-62): what Temporal stores says nothing, and a payload moved into another
 * namespace does not open. The ring's active key writes; every key reads.
 */
export function createPayloadCodec({ active, keys }: KeyRing, namespace: string): PayloadCodec {
  // Made once: Node takes four times as long to cipher with the bytes of a key.
  const secrets = new Map([...keys].map(([id, bytes]) => [id, createSecretKey(bytes)]));
  const key = (id: string): KeyObject => {
    const found = secrets.get(id);
    if (!found) throw new PayloadNotReadable(`the payload was written under the key ${JSON.stringify(id)}, which WATTBOOK_PAYLOAD_KEYS does not hold; add it there`);
    return found;
  };
  const seal = (payload: Payload): Payload => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key(active), nonce).setAAD(Buffer.from(namespace));
    const sealed = Buffer.concat([nonce, cipher.update(pack(payload)), cipher.final(), cipher.getAuthTag()]);
    if (sealed.length > LARGEST) throw new ValueError(`a payload of ${sealed.length} bytes is more than ${LARGEST}: store it and pass its id`);
    return { metadata: { encoding: Buffer.from(ENCRYPTED), 'encryption-key-id': Buffer.from(active) }, data: sealed };
  };
  const open = (payload: Payload): Payload => {
    if (text(payload.metadata?.['encoding']) !== ENCRYPTED) return payload;
    const bytes = Buffer.from(payload.data ?? []);
    const secret = key(text(payload.metadata?.['encryption-key-id']));
    try {
      const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(namespace)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return unpack(Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]));
    } catch {
      throw new PayloadNotReadable('the payload does not open: it was changed, or it belongs to another namespace or to another key of the same name');
    }
  };
  return { encode: async (payloads) => payloads.map(seal), decode: async (payloads) => payloads.map(open) };
}

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

/** Four bytes of length, the metadata as JSON, the data as it is. */
function pack({ metadata, data }: Payload): Buffer {
  const head = Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]))));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  // What a workflow ends with comes decoded, where nothing at all is an array without a type.
  return Buffer.concat([length, head, Buffer.from(data ?? [])]);
}

function unpack(bytes: Buffer): Payload {
  const end = 4 + bytes.readUInt32BE(0);
  const metadata = JSON.parse(bytes.toString('utf8', 4, end)) as Record<string, string>;
  return { metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: bytes.subarray(end) };
}
