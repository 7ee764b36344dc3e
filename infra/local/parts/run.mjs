import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from './paths.mjs';

/** The first executable of that name on PATH, as a shell would find it. */
export function onPath(name, path = process.env.PATH ?? '') {
  return path.split(delimiter).filter(Boolean).map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** `setpriv` makes the kernel end a child whose launcher died; the signal follows the thread that spawned, so call from the main one. */
export const dyingWithUs = (signal, command, args) => (process.platform === 'linux' && onPath('setpriv') ? ['setpriv', ['--pdeathsig', signal, '--', command, ...args]] : [command, args]);

/** Runs a helper command to its end, its output in a log file; it does not outlive us. */
export function runToEnd(command, args, { log, env = process.env, cwd = ROOT, seconds, signal } = {}) {
  if (log) mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = log ? openSync(log, 'w', 0o600) : 'pipe';
  const [program, all] = dyingWithUs('KILL', command, args);
  const child = spawn(program, all, { cwd, env, stdio: ['ignore', output, output] });
  if (log) closeSync(output);
  let text = '';
  child.stdout?.on('data', (chunk) => { text += chunk; });
  child.stderr?.on('data', (chunk) => { text += chunk; });
  signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  const timer = seconds && setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  return new Promise((resolve) => {
    const done = (end) => {
      clearTimeout(timer);
      resolve({ ...end, text });
    };
    child.on('error', (error) => done({ code: 127, error }));
    child.on('close', (code, signal) => done({ code: code ?? 1, signal }));
  });
}
