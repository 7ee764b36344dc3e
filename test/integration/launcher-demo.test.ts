import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const DEMO = fileURLToPath(new URL('../../infra/local/demo.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattbook-demo-test-'));
  mkdirSync(join(folder, 'state'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An instance "runs" when its lock names a living process; ours will do, for the demo only reads its ready line. */
function pretendRunning(): void {
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(folder, 'state/lock'), JSON.stringify({ pid: process.pid, began }));
  writeFileSync(join(folder, 'state/ready.json'), JSON.stringify({ step: 'ready', gateway: 'http://127.0.0.1:9' }));
}

function demo(steps: string, args: string[] = []): { status: number | null; stdout: string; stderr: string } {
  const file = join(folder, 'steps.mjs');
  writeFileSync(file, `export const steps = [${steps}];`);
  return spawnSync(process.execPath, [DEMO, '--steps', file, `--state=${folder}`, ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: folder } });
}

const FIRST = `{ name: 'signals', run: async ({ ready, kept }) => { kept.zones = 11; return '11 zones from ' + ready.gateway; } }`;
const SECOND = `{ name: 'placement', run: async ({ kept, seed }) => kept.zones + ' zones, seed ' + seed }`;
const BROKEN = `{ name: 'move', run: async () => { throw new Error('expected progress kept, got 0 units'); } }`;

describe('O-20: the demo', () => {
  beforeEach(pretendRunning);

  test('prints the evidence of each step and exits 0', () => {
    const { status, stdout } = demo(`${FIRST}, ${SECOND}`, ['--seed', '7']);
    expect(stdout).toContain('11 zones from http://127.0.0.1:9');
    expect(stdout).toContain('11 zones, seed 7');
    expect(status).toBe(0);
  });

  test('C-9: --json is one object per step', () => {
    const lines = demo(`${FIRST}, ${SECOND}`, ['--json']).stdout.trim().split('\n').map((line) => JSON.parse(line) as { step: string });
    expect(lines.map(({ step }) => step)).toEqual(['instance', 'signals', 'placement']);
  });

  test('a broken step is named, ends the demo and exits 1', () => {
    const { status, stdout, stderr } = demo(`${FIRST}, ${BROKEN}, ${SECOND}`);
    expect(status).toBe(1);
    expect(stderr).toContain('The demo failed at the step "move".');
    expect(stdout).toContain('expected progress kept, got 0 units');
    expect(stdout).not.toContain('seed');
  });
});
