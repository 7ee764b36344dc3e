import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '#platform/telemetry/logger';

const LONGEST_MS = 30_000;

/** Tries until it works, with a growing pause and jitter up to 30 s; each failure is a warning that names what is awaited. */
export async function retrying<T>(log: Logger, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (err) {
      log.warn({ event: 'worker.waiting', err, awaited: what }, `${what} cannot be reached yet; trying again`);
      await delay(Math.min(LONGEST_MS, 250 * 2 ** Math.min(tries, 7)) * (0.5 + Math.random() / 2));
    }
  }
}
