import { setTimeout as delay } from 'node:timers/promises';
import { inProgress } from './idempotency.sql.ts';

const LONGEST_WAIT_MS = 5_000;

/** One at a time per key in this process, so that fifty equal requests hold one connection of the pool and not fifty. Between processes the database's lock does the same. */
export class KeyQueue {
  readonly #running = new Map<string, Promise<unknown>>();

  async within<T>(key: string, work: () => Promise<T>): Promise<T> {
    const until = performance.now() + LONGEST_WAIT_MS;
    for (let before = this.#running.get(key); before; before = this.#running.get(key)) {
      const left = until - performance.now();
      if (left <= 0) throw inProgress();
      await Promise.race([before.catch(() => undefined), delay(left, undefined, { ref: false })]);
    }
    const mine = work();
    this.#running.set(key, mine);
    try {
      return await mine;
    } finally {
      this.#running.delete(key);
    }
  }
}
