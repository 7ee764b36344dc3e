import { linkSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { EXIT } from './exit-codes.mjs';
import { PATHS } from './paths.mjs';
import { readyText } from './ready.mjs';

const FILES = { instance: PATHS.in('state', 'instance.json'), ready: PATHS.in('state', 'ready.json'), components: PATHS.in('state', 'components.json'), lock: PATHS.in('state', 'lock') };

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function write(file, document) {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(document)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
}

/** When the process began, in kernel ticks: a number that a later process under the same pid does not share. */
function beganAt(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return process.platform === 'linux' || !signalled(pid, 0) ? undefined : 'alive';
  }
}

function signalled(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

const lives = (holder) => holder?.pid !== undefined && beganAt(holder.pid) !== undefined && beganAt(holder.pid) === holder.began;

/** The running instance of this checkout, or undefined; a lock whose process is gone is no instance (O-7). */
export function running() {
  const holder = read(FILES.lock);
  return lives(holder) ? { pid: holder.pid, ...read(FILES.instance), ready: read(FILES.ready), components: read(FILES.components) ?? [] } : undefined;
}

const STARTING_S = 300;

/** O-7: a second start starts nothing; it waits for a first one that is not ready yet, and prints its addresses. */
export async function pointToRunning({ json }) {
  const until = Date.now() + STARTING_S * 1000;
  for (let instance = running(); instance; instance = running()) {
    if (instance.ready) {
      process.stdout.write(`${json ? JSON.stringify(instance.ready) : `Already running (pid ${instance.pid}).\n${readyText(instance.ready)}`}\n`);
      return true;
    }
    if (Date.now() > until) process.exit(EXIT.timedOut);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

/** Takes the lock of the checkout; false if another launcher was faster. What a dead one left is returned as `left`. */
export function take() {
  const own = { pid: process.pid, began: beganAt(process.pid) };
  const mine = `${FILES.lock}.${process.pid}`;
  write(mine, own);
  try {
    const before = read(FILES.lock);
    if (lives(before)) return { taken: false };
    // Moved aside, not deleted: two that find the same dead lock cannot both move it, and the loser sees it.
    const aside = `${FILES.lock}.stale.${process.pid}`;
    if (before) renameSync(FILES.lock, aside);
    linkSync(mine, FILES.lock);
    rmSync(aside, { force: true });
    return { taken: true, left: before && read(FILES.instance) };
  } catch {
    return { taken: false };
  } finally {
    rmSync(mine, { force: true });
  }
}

export const publish = {
  instance: (instanceId, ports) => {
    rmSync(FILES.ready, { force: true });
    write(FILES.instance, { pid: process.pid, instance_id: instanceId, ports });
  },
  components: (components) => write(FILES.components, components),
  ready: (document) => write(FILES.ready, document),
  nothing: () => { for (const file of Object.values(FILES)) rmSync(file, { force: true }); },
};

/** Pids of living processes that carry an instance id in their environment (O-13). */
export function carriers(instanceId) {
  if (process.platform !== 'linux' || !instanceId) return [];
  const mark = `WATTBOOK_INSTANCE_ID=${instanceId}`;
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark) && beganAt(pid) !== undefined;
    } catch {
      return false;
    }
  });
}

const LEAVING_MS = 8_000;

/** What a killed launcher left is leaving by itself; what has not left in time is ended, by its id, so no start needs repair by hand. */
export async function waitForLeftovers(instanceId) {
  const until = Date.now() + LEAVING_MS;
  while (carriers(instanceId).length > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 100));
  for (const pid of carriers(instanceId)) signalled(pid, 'SIGKILL');
}
