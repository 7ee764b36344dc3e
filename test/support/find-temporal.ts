import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../libs/platform/process/project-root.ts';

const { SETTINGS } = (await import(new URL('../../infra/local/parts/temporal-server.mjs', import.meta.url).href)) as { SETTINGS: readonly string[] };

/** Those of `npm start`, as flags of the dev server. */
export const SERVER_SETTINGS = SETTINGS.flatMap((name) => ['--dynamic-config-value', `${name}=true`]);

/** What `npm start` and `npm test` found before (.local/bin), or what is on PATH; `npm test` asks the launcher for it first. */
export function findTemporal(): string | undefined {
  const given = process.env['WATTBOOK_TEST_TEMPORAL'];
  if (given) return given;
  if (spawnSync('temporal', ['--version']).status === 0) return 'temporal';
  const kept = join(projectRoot(), '.local/bin');
  const built = existsSync(kept) ? readdirSync(kept).find((name) => name.startsWith('temporal')) : undefined;
  return built && join(kept, built);
}
