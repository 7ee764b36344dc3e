import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * A file or folder of the reference data and vectors (WATTBOOK_SHARED_DIR, default ../shared). Undefined where it is missing: who
 * needs it skips, loudly; named in WATTBOOK_REQUIRE its absence is a failure (O-111, O-112).
 */
export function shared(kind: 'data' | 'vectors', ...path: string[]): string | undefined {
  const found = join(resolve(process.env['WATTBOOK_SHARED_DIR'] ?? '../shared'), kind, ...path);
  if (existsSync(found)) return found;
  if ((process.env['WATTBOOK_REQUIRE'] ?? '').split(',').includes(kind)) throw new Error(`${found} is missing, and WATTBOOK_REQUIRE names ${kind}`);
  console.warn(`SKIP what needs ${kind}: ${found} is missing; set WATTBOOK_SHARED_DIR to the folder that has it`);
  return undefined;
}
