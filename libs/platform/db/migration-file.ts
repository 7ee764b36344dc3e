import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Migration {
  /** `YYYYMMDDHHMM_slug` */
  readonly id: string;
  readonly kind: 'expand' | 'migrate' | 'contract';
  /** Effect on the previous release, in words. */
  readonly effect: string;
  /** SQL that must answer true before and after. */
  readonly before: string;
  readonly after: string;
  readonly up: string;
  readonly down: string;
  readonly checksum: string;
}

/** Reads every migration of a folder in the order in which it runs. */
export const readMigrations = (folder: string): Migration[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => parseMigration(name.slice(0, -4), readFileSync(join(folder, name), 'utf8')));

/** @throws Error naming what a migration file lacks (O-88) */
export function parseMigration(id: string, text: string): Migration {
  if (!/^\d{12}_[a-z0-9_]+$/.test(id)) throw new Error(`migration ${id}: name it YYYYMMDDHHMM_slug.sql`);
  const header = (name: string): string => {
    const found = new RegExp(`^-- ${name}: (.+)$`, 'm').exec(text)?.[1];
    if (!found) throw new Error(`migration ${id}: the header "-- ${name}: …" is missing`);
    return found.trim();
  };
  const kind = header('kind');
  if (kind !== 'expand' && kind !== 'migrate' && kind !== 'contract') throw new Error(`migration ${id}: kind is expand, migrate or contract, not ${kind}`);
  const [, up, down] = /^-- up$([\s\S]*?)^-- down$([\s\S]*)/m.exec(text) ?? [];
  if (up === undefined || down === undefined) throw new Error(`migration ${id}: the sections "-- up" and "-- down" are missing`);
  const checksum = createHash('sha256').update(text).digest('hex');
  return { id, kind, effect: header('effect'), before: header('before'), after: header('after'), up, down, checksum };
}
