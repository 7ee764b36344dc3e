import { Pool } from 'undici';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  /** From the call to the last byte of the answer. */
  readonly ms: number;
}

/** Calls with connections kept alive, as a customer's own service would. An answer outside of 2xx is a failure of the bench. */
export class ApiClient {
  readonly #pool: Pool;

  constructor(gateway: string, connections: number) {
    this.#pool = new Pool(gateway, { connections, pipelining: 1 });
  }

  async call<T>(key: string, method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<Answer<T>> {
    const began = performance.now();
    const answer = await this.#pool.request({
      method, path, headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const ms = performance.now() - began;
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered with ${answer.statusCode}: ${text.slice(0, 300)}`);
    return { status: answer.statusCode, body: JSON.parse(text) as T, ms };
  }

  order(key: string, over: object = {}): Promise<Answer<{ id: string; state: string }>> {
    return this.call(key, 'POST', '/api/v1/workloads', { ...ORDER, ...over });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** One GPU for long enough not to end by itself, and nothing to wait for. */
export const ORDER = {
  name: 'bench', kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 16 }, work: { h100_seconds: 3_600_000 }, checkpoint: { supported: true, size_gb: 1, interval_s: 3_600 }, schedule: { flexible: false },
};
