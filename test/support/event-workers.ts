import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface WorkerProcess {
  readonly kill: () => Promise<void>;
}

/** Starts a worker of the incident agent as a process of its own; it dies with the test's. */
export async function startEventWorker(url: string, address: string, namespace: string, intensityG: Readonly<Record<string, number>>): Promise<WorkerProcess> {
  const script = new URL('./event-worker.ts', import.meta.url).pathname;
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, '--conditions=source', script, url, address, namespace, JSON.stringify(intensityG)], { stdio: ['ignore', 'pipe', 'pipe'] });
  await ready(child);
  return {
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => void ((said += chunk).includes('ready\n') && resolve());
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}:\n${said}`)));
  });
}
