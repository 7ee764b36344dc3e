import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../infra/local/launcher.mjs', import.meta.url));
const SCRIPT = (name: string) => fileURLToPath(new URL(`../../infra/local/${name}.mjs`, import.meta.url));

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'wattbook-launcher-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const state = () => `--state=${join(folder, 'state')}`;
const clean = () => ({ PATH: process.env['PATH'], HOME: folder });

function launch(env: Record<string, string>): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, '--json', state()], { encoding: 'utf8', env: { ...clean(), ...env }, timeout: 30_000 });
  return { status, text: stdout + stderr };
}

describe('a wrong configuration starts nothing', () => {
  test('O-28, O-29: every mistake, exit 2, no state', () => {
    const { status, text } = launch({ WATTBOOK_PROT: '3000', LOG_LEVEL: 'loud' });
    expect(status).toBe(2);
    expect(text).toMatch(/^LOG_LEVEL is none of the known words/m);
    expect(text).toMatch(/^WATTBOOK_PROT .* WATTBOOK_PORT$/m);
    expect(existsSync(join(folder, 'state'))).toBe(false);
  });

  test('O-30: an unreadable secret alone is exit 31', () => expect(launch({ WATTBOOK_MASTER_KEYS_FILE: join(folder, 'nowhere') }).status).toBe(31));

  test('O-31: production is not for this script', () => {
    const { status, text } = launch({ WATTBOOK_MODE: 'production' });
    expect(status).toBe(2);
    expect(text).toContain('production refuses to start: STRIPE_SECRET_KEY is missing');
  });

  test('a database of one’s own needs its owner role too', () => {
    const { status, text } = launch({ DATABASE_URL: 'postgres://app:canary@127.0.0.1:1/wattbook' });
    expect(status).toBe(2);
    expect(text).toContain('DATABASE_MIGRATION_URL');
    expect(text).not.toContain('canary');
  });
});

describe('O-9: a taken port', () => {
  test('is found before anything starts, with owner, variable and a free alternative', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { status, text } = await launchWhileServing({ WATTBOOK_PORT: String(port) });
    server.close();
    expect(status).toBe(33);
    expect(text).toContain(`port ${port} for gateway is taken by pid ${process.pid}`);
    const alternative = /WATTBOOK_PORT=(\d+) npm start/.exec(text)?.[1];
    expect(Number(alternative)).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'state/pg/data'))).toBe(false);
    expect(existsSync(join(folder, 'state/state/instance.json'))).toBe(false);
  });

  /** spawnSync would hold this process still, and with it the server that owns the port. */
  async function launchWhileServing(env: Record<string, string>): Promise<{ status: number | null; text: string }> {
    const child: ChildProcess = spawn(process.execPath, [LAUNCHER, '--json', state()], { env: { ...clean(), ...env } });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, text };
  }
});

describe('scripts when nothing runs', () => {
  const run = (name: string, args: string[] = [], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [SCRIPT(name), ...args, state()], { encoding: 'utf8', env: { ...clean(), ...env }, input: '' });

  test('O-24: status exits 3 with a document', () => {
    const { status, stdout } = run('status', ['--json']);
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ components: [], summary: { state: 'not_running' } });
  });

  test('O-26: stop exits 3', () => expect(run('stop').status).toBe(3));
  test('O-25: reset asks, and without an answer changes nothing', () => {
    spawnSync('mkdir', ['-p', join(folder, 'state/pg')]);
    expect(run('reset').status).toBe(1);
    expect(existsSync(join(folder, 'state/pg'))).toBe(true);
  });

  test('O-25: reset --yes forgets data and keeps keys', () => {
    spawnSync('mkdir', ['-p', ...['pg', 'temporal', 'state', 'keys'].map((name) => join(folder, 'state', name))]);
    writeFileSync(join(folder, 'state/keys/api-keys.json'), '{}');
    expect(run('reset', ['--yes']).status).toBe(0);
    expect(['pg', 'temporal', 'state', 'keys/api-keys.json'].map((name) => existsSync(join(folder, 'state', name)))).toEqual([false, false, false, true]);
  });

  test('O-25: reset refuses where the database is somebody’s own', () => {
    const { status, stderr } = run('reset', ['--yes'], { DATABASE_URL: 'postgres://db.example/wattbook' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('DATABASE_URL is set')]);
  });

  test('O-25: help lists every script with a line', () => {
    const { stdout } = run('help');
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^ {2}npm \S+( \S+)?\s{1,}\S.{5,}/);
  });
});
