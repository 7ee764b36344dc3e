import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORM = /^(wb_(?:live|test)_)([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

export interface ParsedApiKey {
  readonly prefix: 'wb_live_' | 'wb_test_';
  readonly keyId: string;
}

/** P-50: prefix, 12 base62 of id, 43 of secret (256 bits), 6 of CRC-32. Shown once; only its digest is stored. */
export function makeApiKey(prefix: ParsedApiKey['prefix']): string {
  const body = `${prefix}${randomBase62(12)}_${randomBase62(43)}`;
  return body + checksum(body);
}

/** The id to look up by, or undefined where the text cannot be a key. The form lets nobody in: the digest decides. */
export function parseApiKey(text: string): ParsedApiKey | undefined {
  const [, prefix, keyId, , sum] = FORM.exec(text) ?? [];
  if (!prefix || !keyId || checksum(text.slice(0, -6)) !== sum) return undefined;
  return { prefix: prefix as ParsedApiKey['prefix'], keyId };
}

/** SHA-256 of the whole text. The secret has 256 bits of its own, so a slow hash would protect nothing more. */
export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests in constant time: how far two agree must not show in the time it takes (A9). */
export const sameDigest = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

const randomBase62 = (length: number) => Array.from({ length }, () => BASE62[randomInt(62)]).join('');

function checksum(body: string): string {
  let rest = crc32(body) >>> 0;
  let text = '';
  for (let i = 0; i < 6; i += 1) {
    text = BASE62[rest % 62]! + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
