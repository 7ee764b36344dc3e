import { createServer, type Server, type ServerResponse } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '#platform/telemetry/metrics';
import { cachedChecks, type Check, type SchemaVersion } from './checks.ts';

export interface OpsOptions {
  readonly bind: string;
  readonly port: number;
  readonly service: string;
  readonly version: string;
  readonly checks: readonly Check[];
  readonly metrics: Metrics;
  /** Absent on a process that has no database. */
  readonly schema?: () => Promise<SchemaVersion | undefined>;
  /** Sets gauges that are read rather than counted, right before /metrics is answered. */
  readonly gauges?: () => void;
  /** More of /statusz: accepted risks, stand-ins, staleness. */
  readonly status?: () => Readonly<Record<string, unknown>>;
}

export interface OpsListener {
  readonly port: number;
  /** From now on /startupz says that the start is over. */
  readonly started: () => void;
  /** From now on /readyz says not ready, whatever the checks say (O-50). */
  readonly draining: () => void;
  readonly close: () => Promise<void>;
}

interface State {
  started: boolean;
  draining: boolean;
}

const SLOWEST_LOOP_MS = 1_000;

/** The private listener of every process (O-47): probes, metrics and a page for operators; never on the public port. */
export async function startOpsListener(options: OpsOptions): Promise<OpsListener> {
  const state: State = { started: false, draining: false };
  const routes = routesOf(options, state);
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const answer = request.method === 'GET' && Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!answer) return send(response, 404, { status: 'unknown', message: `ask ${Object.keys(routes).join(', ')}` });
    answer(response).catch((error: unknown) => send(response, 500, { status: 'error', message: String(error) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.bind, resolve);
  });
  return {
    port: portOf(server),
    started: () => void (state.started = true),
    draining: () => void (state.draining = true),
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

type Route = (response: ServerResponse) => Promise<void>;

function routesOf({ checks, metrics, schema, service, version, status, gauges }: OpsOptions, state: State): Readonly<Record<string, Route>> {
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  const ask = cachedChecks(checks);
  const readiness = async () => {
    const results = await ask();
    const down = results.some((result) => result.status === 'down');
    const said = state.draining || down || !state.started ? 'not_ready' : results.every((result) => result.status === 'ok') ? 'ready' : 'degraded';
    const known = down ? undefined : await schema?.().catch(() => undefined);
    return { status: said, draining: state.draining, version, schema_version: known?.schema_version ?? null, last_migrated_at: known?.last_migrated_at ?? null, checks: results };
  };
  const readyz: Route = async (response) => {
    const body = await readiness();
    send(response, body.status === 'not_ready' ? 503 : 200, body);
  };
  return {
    '/healthz': async (response) => {
      const delayMs = Math.round(loop.percentile(99) / 1e6);
      loop.reset();
      send(response, delayMs < SLOWEST_LOOP_MS ? 200 : 503, { status: delayMs < SLOWEST_LOOP_MS ? 'ok' : 'slow', event_loop_delay_p99_ms: delayMs });
    },
    '/readyz': readyz,
    '/ready': readyz,
    '/startupz': async (response) => send(response, state.started ? 200 : 503, { status: state.started ? 'started' : 'starting' }),
    '/metrics': async (response) => {
      gauges?.();
      response.writeHead(200, { 'content-type': metrics.contentType });
      response.end(await metrics.text());
    },
    '/statusz': async (response) => send(response, 200, {
      service, ...(await readiness()), pid: process.pid, uptime_s: Math.round(process.uptime()), rss_bytes: process.memoryUsage.rss(), node: process.version, ...status?.(),
    }),
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function portOf(server: Server): number {
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('the ops listener has no port');
  return address.port;
}
