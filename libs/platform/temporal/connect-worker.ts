import { setTimeout as delay } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from '#platform/telemetry/logger';
import type { TemporalConfig } from './connect.ts';
import { tlsOf } from './tls.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Waits for Temporal as long as it takes, with growing pauses and jitter (O-49): a worker never ends because a server is away. */
export async function connectWorker(config: TemporalConfig, log: Logger, stopped?: AbortSignal): Promise<NativeConnection> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await NativeConnection.connect({ address: config.temporalAddress, ...tlsOf(config) });
    } catch (error) {
      const waitMs = Math.round(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2));
      log.warn({ event: 'temporal.away', err: error, attempt: attempt + 1, duration_ms: waitMs }, 'Temporal cannot be reached; the worker tries again');
      await delay(waitMs, undefined, stopped ? { signal: stopped } : {});
    }
  }
}
