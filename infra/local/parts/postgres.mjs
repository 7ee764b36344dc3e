import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startChild } from './child.mjs';
import { EXIT } from './exit-codes.mjs';
import { PATHS } from './paths.mjs';
import { asServerUser, home, isRoot, NOBODY, serverUser } from './postgres-home.mjs';
import { until } from './probe.mjs';
import { StepFailed } from './reporter.mjs';

const OLDEST = 160_000; // 16.0 in server_version_num

/** A cluster is made beside its place and then named, so that a start killed half-way leaves nothing that looks whole. */
function makeCluster({ bin, data }) {
  if (existsSync(join(data, 'PG_VERSION'))) return 'existing cluster';
  const fresh = `${data}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  if (isRoot()) chownSync(fresh, NOBODY, NOBODY);
  const made = asServerUser(join(bin, 'initdb'), ['-D', fresh, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8']);
  if (made.status !== 0) {
    writeFileSync(PATHS.log('initdb'), `${made.stdout ?? ''}${made.stderr ?? ''}${made.error ?? ''}\n`);
    throw new StepFailed('initdb failed', { log: PATHS.log('initdb'), exit: EXIT.noDatabase, suggest: 'npm run reset' });
  }
  renameSync(fresh, data);
  return 'new cluster';
}

async function ask(url, text) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // also comes when the server leaves while we say goodbye
  try {
    await client.connect();
    return (await client.query(text)).rows[0];
  } finally {
    await client.end().catch(() => undefined);
  }
}

export const versionOf = (url) => ask(url, `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`);

const addresses = (port) => {
  const as = (role) => `postgres://${role}@127.0.0.1:${port}/wattbook`;
  return { superuserUrl: `postgres://postgres@127.0.0.1:${port}/postgres`, appUrl: as('wattbook_app'), ownerUrl: as('wattbook_owner') };
};

/** O-15: our own PostgreSQL 18 with durable settings (the server's defaults; nothing is turned off). */
export async function startPostgres({ port, env }) {
  const place = home();
  const says = makeCluster(place);
  const urls = addresses(port);
  const start = () => startChild({
    name: 'postgres', command: join(place.bin, 'postgres'), env, deathSignal: 'INT', user: serverUser(), cwd: '/',
    args: ['-D', place.data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200', '-c', 'timezone=UTC', '-c', 'log_timezone=UTC'],
  });
  const ready = async (child) => (await until('PostgreSQL', 30, () => versionOf(urls.superuserUrl).catch(() => undefined), { child, log: child.log, suggest: 'npm run logs -- postgres' })).version;
  return { start, ready, urls, says };
}

const REACHED_WITHIN_S = 10;

/** O-15: a database of the user's is used as it is: never replaced, never stopped. */
export async function outsidePostgres({ databaseUrl, databaseMigrationUrl }) {
  const url = databaseUrl.reveal();
  const { hostname, port } = new URL(url);
  let cause = 'no answer';
  const found = await until('DATABASE_URL', REACHED_WITHIN_S, () => versionOf(url).catch((error) => { cause = error.message; return undefined; }), { everyMs: 500 })
    .catch(() => { throw new StepFailed(`DATABASE_URL at ${hostname}:${port || 5432} was not reached within ${REACHED_WITHIN_S} s (${cause})`, { exit: EXIT.noDatabase, suggest: 'start that database, or unset DATABASE_URL to use the embedded one' }); });
  if (found.number < OLDEST) throw new StepFailed(`DATABASE_URL is PostgreSQL ${found.version}; 16 or newer is needed`, { exit: EXIT.noDatabase, suggest: 'unset DATABASE_URL to use the embedded PostgreSQL 18' });
  return { urls: { appUrl: url, ownerUrl: databaseMigrationUrl.reveal() }, version: found.version };
}
