import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from './run.mjs';
import { PATHS, ROOT } from './paths.mjs';

const LOG_BYTES = 10 * 1024 * 1024;
const LOGS_KEPT = 3;
const GUARD = join(ROOT, 'infra/local/guard.mjs');

/** O-10. Children append, so the file is copied and emptied under them; nobody has to reopen it, and it outlives the launcher. */
export function rotate(log) {
  if (!existsSync(log) || statSync(log).size < LOG_BYTES) return;
  for (let n = LOGS_KEPT - 1; n > 0; n -= 1) if (existsSync(`${log}.${n}`)) renameSync(`${log}.${n}`, `${log}.${n + 1}`);
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
}

/**
 * O-14: how a child is tied to this process. Node children see their control pipe close; others get a death signal from
 * the kernel; without `setpriv` a guard process holds the pipe for them.
 */
function tied({ command, args, deathSignal, user }) {
  if (command === process.execPath) return { command, args, ipc: true };
  if (process.platform === 'linux' && onPath('setpriv')) {
    const drop = user ? [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'] : [];
    return { command: 'setpriv', args: [...drop, '--pdeathsig', deathSignal, '--', command, ...args], ipc: false };
  }
  return { command: process.execPath, args: [GUARD, `SIG${deathSignal}`, String(user ?? ''), command, ...args], ipc: true };
}

/** Starts a process of the instance in a session of its own, so that Ctrl-C reaches the launcher alone and the order holds. */
export function startChild({ name, command = process.execPath, args, env, deathSignal = 'TERM', user, cwd = ROOT }) {
  const log = PATHS.log(name);
  const output = openSync(log, 'a', 0o600);
  const how = tied({ command, args, deathSignal, user });
  const child = spawn(how.command, how.args, { cwd, env, detached: true, stdio: ['ignore', output, output, ...(how.ipc ? ['ipc'] : [])] });
  closeSync(output);
  const killGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // gone already
    }
  };
  const handle = { name, log, pid: child.pid, startedAt: Date.now(), ended: undefined, kill: (signal) => child.kill(signal), killGroup };
  handle.exit = new Promise((resolve) => {
    const done = (end) => { handle.ended ??= end; resolve(end); };
    child.on('error', (error) => done(error.message)).on('exit', (code, signal) => done(signal ?? `code ${code}`));
  });
  return handle;
}

/** Asks politely, then not; true if the process left by itself. */
export async function endChild(handle, { signal = 'SIGTERM', seconds, force = 'SIGKILL' }) {
  if (handle.ended) return true;
  handle.kill(signal);
  const late = Symbol('late');
  const timer = new Promise((resolve) => setTimeout(resolve, seconds * 1000, late).unref());
  if ((await Promise.race([handle.exit, timer])) !== late) return true;
  handle.killGroup(force);
  await Promise.race([handle.exit, new Promise((resolve) => setTimeout(resolve, 1_500))]);
  if (!handle.ended) handle.killGroup('SIGKILL');
  return false;
}
