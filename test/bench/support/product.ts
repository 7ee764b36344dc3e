/** The whole product as `npm start` runs it, with durable PostgreSQL and Temporal, in a folder and on ports of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { findTemporal } from '../../support/find-temporal.ts';
import { projectRoot } from '#platform/process/project-root';

export interface Product {
  readonly gateway: string;
  readonly temporal: { readonly address: string; readonly namespace: string };
  /** Keys of the sample organisations by slug. */
  readonly keys: Readonly<Record<string, string>>;
  /** A superuser's connection: sees every tenant's rows, and is nobody's in the product. */
  readonly database: pg.Client;
  readonly startedAt: Date;
  /** Of a component by name, `worker`, `gateway`, `node-fr-paris-1`; MiB. */
  rssMib(component: string): number;
  readonly components: () => readonly string[];
  close(): Promise<void>;
}

interface Ready {
  readonly step: string;
  readonly gateway: string;
  readonly temporal_address: string;
  readonly temporal_namespace: string;
  readonly logs: string;
  readonly api_keys: Record<string, string>;
}

export async function startProduct(env: Readonly<Record<string, string>> = {}): Promise<Product> {
  const state = mkdtempSync(join(tmpdir(), 'wattbook-bench-'));
  const temporal = findTemporal();
  if (!temporal) throw new Error('no Temporal server could be started; put `temporal` on PATH or run npm start once');
  const path = temporal.includes('/') ? `${dirname(temporal)}:${process.env['PATH'] ?? ''}` : (process.env['PATH'] ?? '');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', process.execPath, join(projectRoot(), 'infra/local/start.mjs'), '--json', `--state=${state}`], {
    cwd: projectRoot(), env: { ...process.env, PATH: path, WATTBOOK_PORTS: 'auto', LOG_LEVEL: 'warn', ...env }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(state, { recursive: true, force: true });
  };
  try {
    const ready = await readyLine(child.stdout, exited);
    const read = <T>(name: string) => JSON.parse(readFileSync(join(state, 'state', `${name}.json`), 'utf8')) as T;
    const { ports } = read<{ ports: { postgres: number } }>('instance');
    const database = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${ports.postgres}/wattbook` });
    await database.connect();
    const components = () => read<{ name: string; pid?: number }[]>('components');
    return {
      startedAt: new Date(), gateway: ready.gateway, temporal: { address: ready.temporal_address, namespace: ready.temporal_namespace }, keys: ready.api_keys, database,
      components: () => components().map(({ name }) => name),
      rssMib: (component) => rssMib(components().find(({ name }) => name === component)?.pid),
      close: async () => {
        await database.end();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function rssMib(pid: number | undefined): number {
  if (pid === undefined) throw new Error('the process is not running');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
}

function readyLine(stdout: NodeJS.ReadableStream, exited: Promise<unknown[]>): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let said = '';
    stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const line = said.split('\n').find((one) => one.startsWith('{"step":"ready"') && one.endsWith('}'));
      if (line) resolve(JSON.parse(line) as Ready);
    });
    void exited.then(([code]) => reject(new Error(`npm start ended with ${String(code)}: ${said.slice(-800)}`)));
  });
}
