/** O-5, O-13: from a clean clone with a warm package cache to the first accepted workload, and a second start on the state that is there. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nothingLeft } from '../support/instance-left.ts';
import type { Bench, Row } from './bench.ts';
import { eventually } from './support/figures.ts';

const FIRST_S = 120;
const AGAIN_S = 15;
const LEFT_S = 5;

export const bench: Bench = {
  name: 'start',
  bar: '< 2 min',
  async run(): Promise<Row[]> {
    const folder = mkdtempSync(join(tmpdir(), 'wattbook-bench-start-'));
    const checkout = join(folder, 'wattbook');
    try {
      const cloned = spawnSync('git', ['clone', '--quiet', '.', checkout], { encoding: 'utf8' });
      if (cloned.status !== 0) throw new Error(`git clone failed: ${cloned.stderr}`);
      // Temporal's own build is aside (O-5): a binary that was found before is there again.
      const found = existsSync('.local/bin');
      if (found) cpSync('.local/bin', join(checkout, '.local/bin'), { recursive: true });
      const first = await startAndOrder(checkout);
      await stop(first.child);
      const second = await startAndOrder(checkout);
      const left = await killedAndGone(checkout);
      const detail = found ? 'Temporal found before' : 'Temporal as this machine has it';
      return [
        { name: 'clean clone to the first accepted workload', figure: first.seconds, unit: 's', bar: `< ${FIRST_S} s`, verdict: first.seconds < FIRST_S ? 'pass' : 'fail', detail },
        { name: 'second start on existing state', figure: second.seconds, unit: 's', bar: `≤ ${AGAIN_S} s`, verdict: second.seconds <= AGAIN_S ? 'pass' : 'fail' },
        { name: 'SIGKILL of the launcher → nothing left', figure: left, unit: 's', bar: `≤ ${LEFT_S} s`, verdict: left <= LEFT_S ? 'pass' : 'fail' },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** O-13. @returns seconds until no process and no port of the instance is left */
async function killedAndGone(checkout: string): Promise<number> {
  const { pid, instance_id: instanceId, ports } = JSON.parse(readFileSync(join(checkout, '.local/state/instance.json'), 'utf8')) as { pid: number; instance_id: string; ports: Record<string, number> };
  const begin = performance.now();
  process.kill(pid, 'SIGKILL');
  await eventually('nothing left', 60_000, () => nothingLeft({ instanceId, ports: Object.values(ports) }), 50);
  return (performance.now() - begin) / 1_000;
}

/** Runs `npm start`, then the printed command unedited; the seconds end with its 202. */
async function startAndOrder(cwd: string): Promise<{ child: ChildProcess; seconds: number }> {
  const begin = performance.now();
  const child = spawn('npm', ['start', '--', '--json'], { cwd, env: { ...process.env, WATTBOOK_PORTS: 'auto' }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const curl = await readyLine(child);
  const { stdout } = spawnSync('sh', ['-c', `${curl} -o /dev/null -w '%{http_code}'`], { encoding: 'utf8' });
  if (stdout.trim() !== '202') throw new Error(`the printed command answered ${stdout}`);
  return { child, seconds: (performance.now() - begin) / 1_000 };
}

function readyLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      const line = said.split('\n').find((one) => one.startsWith('{"step":"ready"'));
      if (line) resolve((JSON.parse(line) as { curl: string }).curl);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said.slice(-800)}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit');
  process.kill(-child.pid!, 'SIGINT');
  await once(child, 'exit');
}
