import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { LAUNCHER_KEY_PREFIX } from '../../../libs/platform/config/production.ts';
import { SAMPLE_NODES, SAMPLE_ORGANISATIONS } from '../../../libs/platform/db/sample-organisations.ts';
import { makeApiKey } from '../../../libs/platform/identity/api-key.ts';
import { PATHS } from './paths.mjs';

/** Made once: every later start finds the same keys (C-1). Written whole and then named, so a killed start leaves no half. */
function keptIn(name, make) {
  const file = PATHS.in('keys', `${name}.json`);
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, `${JSON.stringify(make(), null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return { file, read: () => JSON.parse(readFileSync(file, 'utf8')) };
}

const ring = () => ({ active: `${LAUNCHER_KEY_PREFIX}1`, keys: { [`${LAUNCHER_KEY_PREFIX}1`]: randomBytes(32).toString('base64') } });

const RINGS = { WATTBOOK_PAYLOAD_KEYS: 'payload-keys', WATTBOOK_MASTER_KEYS: 'master-keys', WATTBOOK_SIGNING_KEYS: 'signing-keys' };

/** O-10: the local secrets. Rings that the caller's environment brings are used as they are. */
export function localKeys(env) {
  const apiKeys = keptIn('api-keys', () => Object.fromEntries(SAMPLE_ORGANISATIONS.map(({ slug }) => [slug, makeApiKey('wb_test_')])));
  const enrolments = keptIn('enrolments', () => Object.fromEntries(SAMPLE_NODES.map(({ slug }) => [slug, randomBytes(32).toString('base64url')])));
  const missing = Object.entries(RINGS).filter(([name]) => env[name] === undefined && env[`${name}_FILE`] === undefined);
  return { apiKeys, enrolments, env: Object.fromEntries(missing.map(([name, file]) => [`${name}_FILE`, keptIn(file, ring).file])) };
}
