import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { Secret } from '#platform/config/secret';
import { unavailable } from '#platform/errors/problem';
import { correlationClientInterceptor } from './interceptors/correlation.client.ts';
import { deadlineClientInterceptor } from './interceptors/deadline.client.ts';
import type { TemporalLink } from './link.ts';
import { tlsOf } from './tls.ts';

export interface TemporalConfig {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalApiKey?: Secret | undefined;
  readonly temporalTlsCa?: Secret | undefined;
  readonly temporalTlsCert?: Secret | undefined;
  readonly temporalTlsKey?: Secret | undefined;
}

/** A server that was restarted is found again within a second, whatever it was away for. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 };
const CHECK_EVERY_MS = 1_000;
const CHECK_DEADLINE_MS = 1_500;

/** Connects lazily: a gateway starts and answers while Temporal is away, and recovers by itself. */
export async function connectTemporal(config: TemporalConfig, dataConverter: DataConverter): Promise<TemporalLink> {
  const address = { address: config.temporalAddress, channelArgs: RECONNECT, ...tlsOf(config) };
  const connection = Connection.lazy(address);
  // Asks once and never again by itself: a probe that retries would outlive its connection.
  const probe = Connection.lazy({ ...address, interceptors: [] });
  const client = new Client({ connection, namespace: config.temporalNamespace, dataConverter, interceptors: { workflow: [correlationClientInterceptor, deadlineClientInterceptor(connection)] } });
  let available = false;
  const ping = async () => {
    const begin = performance.now();
    await probe.withDeadline(Date.now() + CHECK_DEADLINE_MS, () => probe.workflowService.describeNamespace({ namespace: config.temporalNamespace }));
    return performance.now() - begin;
  };
  const check = () => ping().then(() => void (available = true), () => void (available = false));
  await check();
  const timer = setInterval(() => void check(), CHECK_EVERY_MS);
  timer.unref();
  return {
    client, ping,
    isAvailable: () => available,
    assertAvailable: () => {
      if (!available) throw unavailable('The workflow engine');
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([connection.close(), probe.close()]);
    },
  };
}
