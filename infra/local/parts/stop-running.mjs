import { running } from './instance.mjs';

const WITHIN_MS = 18_000;

/** @returns undefined when nothing runs, else whether the launcher has left in time. */
export async function stopRunning() {
  const instance = running();
  if (!instance) return undefined;
  process.kill(instance.pid, 'SIGTERM');
  const end = Date.now() + WITHIN_MS;
  while (running()?.pid === instance.pid) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}
