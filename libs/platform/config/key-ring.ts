import { Wrong } from './form.ts';

/** One active key writes; the others only read what they once wrote. */
export interface KeyRing {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const KEY_BYTES = 32;

/** Reads a ring of WATTBOOK_PAYLOAD_KEYS, WATTBOOK_MASTER_KEYS or WATTBOOK_SIGNING_KEYS; a `Wrong` never quotes key material. */
export function parseKeyRing(text: string): KeyRing | Wrong {
  const ring = readJson(text);
  if (typeof ring?.active !== 'string' || typeof ring.keys !== 'object' || ring.keys === null) return new Wrong('has no "active" and "keys"');
  const keys = new Map<string, Buffer>();
  for (const [id, key] of Object.entries(ring.keys)) {
    const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.alloc(0);
    if (bytes.length !== KEY_BYTES) return new Wrong(`has a key that is not ${KEY_BYTES} bytes long`);
    keys.set(id, bytes);
  }
  return keys.has(ring.active) ? { active: ring.active, keys } : new Wrong('names an active id that has no key');
}

/** For values that the configuration has already checked. */
export function keyRingOf(secret: { reveal(): string }): KeyRing {
  const ring = parseKeyRing(secret.reveal());
  if (ring instanceof Wrong) throw new Error(`The key ring ${ring.reason}; give it as in docs/configuration.md.`);
  return ring;
}

function readJson(text: string): { active?: unknown; keys?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
