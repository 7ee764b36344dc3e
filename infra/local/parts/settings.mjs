import { errorLine, exitCodeOf } from '../../../libs/platform/config/errors.ts';
import { loadConfig } from '../../../libs/platform/config/load.ts';
import { productionRefusals } from '../../../libs/platform/config/production.ts';
import { fromDisk } from '../../../libs/platform/config/secret-file.ts';
import { EXIT } from './exit-codes.mjs';

/** What a local start prefers over the defaults of an installation: a grid hour a minute (W-27), short drains (O-12). */
const LOCAL_DEFAULTS = { GRID_INTERVAL_S: '60', WATTBOOK_DRAIN_DELAY_S: '0', WATTBOOK_DRAIN_STREAM_S: '3' };

/** The environment of every child, and its values; a wrong one ends the start before anything is begun (O-28). */
export function settings(env = process.env) {
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|NODE_CHANNEL_|INIT_CWD$)/.test(name)));
  const full = { ...LOCAL_DEFAULTS, ...given };
  const loaded = loadConfig(full, fromDisk);
  if (!loaded.ok) return refuse(loaded.errors.map(errorLine), exitCodeOf(loaded.errors));
  const { value } = loaded;
  const refusals = productionRefusals(value);
  if (refusals.length > 0) return refuse(refusals.map((reason) => `production refuses to start: ${reason}`), EXIT.configuration);
  if (value.mode === 'production') return refuse(['WATTBOOK_MODE is production, and npm start is for local use; see infra/docker and infra/helm'], EXIT.configuration);
  if (value.databaseUrl && !value.databaseMigrationUrl) return refuse(['DATABASE_MIGRATION_URL is not set, and DATABASE_URL needs it: the owner role, for migrations'], EXIT.configuration);
  return { env: full, config: value };
}

function refuse(lines, code) {
  process.stderr.write(`${lines.join('\n')}\nNothing was started. See docs/configuration.md, or ask: npm run config -- check\n`);
  process.exit(code);
}
