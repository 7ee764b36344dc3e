import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { running } from './instance.mjs';
import { ROOT } from './paths.mjs';
import { dyingWithUs } from './run.mjs';

/** The running instance, else one of the demo's own on free ports whose state is thrown away at its end. */
export async function instanceForDemo({ seed, say }) {
  const found = running();
  if (found?.ready) {
    say(`uses the running instance at ${found.ready.gateway}`);
    return { ready: found.ready, end: async () => undefined };
  }
  const state = mkdtempSync(join(tmpdir(), 'wattbook-demo-'));
  const [command, args] = dyingWithUs('TERM', process.execPath, [join(ROOT, 'infra/local/start.mjs'), '--json', `--state=${state}`]);
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, WATTBOOK_PORTS: 'auto', GRID_SEED: seed }, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const exit = new Promise((resolve) => child.on('exit', resolve));
  const end = async () => {
    child.kill('SIGTERM');
    await exit;
    rmSync(state, { recursive: true, force: true });
  };
  try {
    const ready = await readyLine(child, exit);
    say(`started an instance of its own at ${ready.gateway}`);
    return { ready, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function readyLine(child, exit) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const line = text.split('\n').find((one) => one.startsWith('{"step":"ready"'));
      if (line?.endsWith('}')) resolve(JSON.parse(line));
    });
    exit.then((code) => reject(new Error(`its start ended with ${code}: ${text.slice(-500)}`)));
  });
}
