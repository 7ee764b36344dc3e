import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { nothingLeft } from '../support/instance-left.ts';

const LAUNCHER = fileURLToPath(new URL('../../infra/local/launcher.mjs', import.meta.url));
const SCRIPT = (name: string) => fileURLToPath(new URL(`../../infra/local/${name}.mjs`, import.meta.url));
const START_MS = 120_000;
/** That nothing is left is asked here, beside other tests; how soon (O-13: 5 s) is a row of the bench `start`. */
const LEFT_MS = 20_000;

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'wattbook-instance-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly parent: ChildProcess;
  readonly pid: number;
  readonly instanceId: string;
  readonly ports: readonly number[];
  readonly steps: readonly { step: string }[];
  readonly ready: { gateway: string; api_keys: Record<string, string>; curl: string; seconds: number };
}

const environment = () => ({ PATH: process.env['PATH'], HOME: process.env['HOME'], WATTBOOK_PORTS: 'auto', WATTBOOK_TEMPORAL_DOWNLOAD: 'off' });

/** As npm does it: the launcher is the child of somebody who may die first. */
async function start(): Promise<Running> {
  const parent = spawn('sh', ['-c', `"${process.execPath}" "${LAUNCHER}" --json "--state=${folder}" & trap 'wait; exit 0' INT; wait`], { env: environment(), detached: true });
  let text = '';
  for (const stream of [parent.stdout, parent.stderr]) stream.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  const lines = () => text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line) as { step: string });
  await until(() => {
    if (text.includes('✗')) throw new Error(text);
    return lines().some(({ step }) => step === 'ready');
  }, START_MS);
  const { pid, instance_id: instanceId, ports } = JSON.parse(readFileSync(join(folder, 'state/instance.json'), 'utf8')) as { pid: number; instance_id: string; ports: Record<string, number> };
  return { parent, pid, instanceId, ports: Object.values(ports), steps: lines(), ready: lines().at(-1) as unknown as Running['ready'] };
}

async function until(isTrue: () => boolean | Promise<boolean>, ms: number): Promise<void> {
  for (const end = Date.now() + ms; !(await isTrue()); await new Promise((resolve) => setTimeout(resolve, 50))) if (Date.now() > end) throw new Error(`not within ${ms} ms`);
}

const status = () => {
  const { status: code, stdout } = spawnSync(process.execPath, [SCRIPT('status'), '--json', `--state=${folder}`], { encoding: 'utf8', env: environment() });
  return { code, document: JSON.parse(stdout) as { summary: { state: string }; components: { name: string; state: string; pid?: number }[] } };
};

/** One instance after the other on the same state: each test goes on where the one before ended. */
describe.skipIf(!inject('temporal'))('an instance of one’s own', () => {
  let running: Running;

  test('O-2, O-3: starts in order, and the printed command answers 202', { timeout: START_MS }, async () => {
    running = await start();
    expect(running.steps.map(({ step }) => step)).toEqual(['ports', 'build', 'postgresql', 'temporal', 'migrate', 'seed', 'nodes', 'worker', 'gateway', 'online', 'ready']);
    const { stdout } = spawnSync('sh', ['-c', `${running.ready.curl} -o /dev/null -w '%{http_code}'`], { encoding: 'utf8' });
    expect(stdout).toBe('202');
  });

  test('O-24: status is healthy', () => {
    const { code, document } = status();
    expect([code, document.summary.state]).toEqual([0, 'healthy']);
    expect(document.components.filter(({ name }) => name.startsWith('node-'))).toHaveLength(14);
  });

  test('O-10: folders are 0700, key files 0600', () => {
    const mode = (path: string) => (statSync(join(folder, path)).mode & 0o777).toString(8);
    expect(['.', 'keys', 'logs', 'state'].map(mode)).toEqual(['700', '700', '700', '700']);
    expect(new Set(readdirSync(join(folder, 'keys')).map((name) => mode(`keys/${name}`)))).toEqual(new Set(['600']));
  });

  test('O-7: a second start starts nothing and prints the same addresses', () => {
    const { status: code, stdout } = spawnSync(process.execPath, [LAUNCHER, '--json', `--state=${folder}`], { encoding: 'utf8', env: environment() });
    expect([code, JSON.parse(stdout.trim().split('\n').at(-1)!)]).toEqual([0, running.ready]);
  });

  test('C-3: a dead worker comes back on the same ports', { timeout: 30_000 }, async () => {
    const worker = () => status().document.components.find(({ name }) => name === 'worker');
    const before = worker()!.pid!;
    process.kill(before, 'SIGKILL');
    await until(() => { const now = worker(); return now?.state === 'healthy' && now.pid !== before; }, 15_000);
  });

  test('O-13: SIGKILL of the launcher leaves nothing', { timeout: 30_000 }, async () => {
    process.kill(running.pid, 'SIGKILL');
    await until(() => nothingLeft(running), LEFT_MS);
  });

  test('O-13: nor does SIGKILL of its parent; O-6: the next start needs no repair and prints the same keys', { timeout: START_MS }, async () => {
    const keys = running.ready.api_keys;
    running = await start();
    expect(running.ready.api_keys).toEqual(keys);
    // Ready is said of the agents of now: for a moment the gateway still knows those of before as online.
    expect(status().document.summary).toMatchObject({ state: 'healthy', unhealthy_components: [] });
    running.parent.kill('SIGKILL');
    await until(() => nothingLeft(running), LEFT_MS);
  });

  test('O-12: Ctrl-C, heard twice within a moment, stops in order and cleanly', { timeout: START_MS }, async () => {
    running = await start();
    const ended = once(running.parent, 'exit');
    process.kill(running.pid, 'SIGINT');
    process.kill(running.pid, 'SIGINT');
    await until(() => nothingLeft(running), LEFT_MS);
    await ended;
    expect(readFileSync(join(folder, 'logs/postgres.log'), 'utf8').trimEnd()).toMatch(/database system is shut down$/);
    expect(existsSync(join(folder, 'state/instance.json'))).toBe(false);
    expect(status().code).toBe(3);
  });
});
