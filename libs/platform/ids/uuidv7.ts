import { randomBytes } from 'node:crypto';

/** RFC 9562, version 7: 48 bits of milliseconds since 1970, then 74 random bits, so that ids sort by the time they were made. */
export function uuidv7(nowMs = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for what may be compared with a uuid column; anything else names nothing and is "not found". */
export const isUuid = (text: string): boolean => UUID.test(text);
