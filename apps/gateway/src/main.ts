import { setTimeout as delay } from 'node:timers/promises';
import { keyRingOf } from '#platform/config/key-ring';
import { connectDatabase } from '#platform/db/connect';
import { readSchemaVersion } from '#platform/ops/checks';
import { startOpsListener } from '#platform/ops/ops-listener';
import { exitWhenLauncherDies } from '#platform/process/launcher';
import { productVersion } from '#platform/process/version';
import { createLogger } from '#platform/telemetry/logger';
import { createMetrics } from '#platform/telemetry/metrics';
import { connectTemporal } from '#platform/temporal/connect';
import { createDataConverter } from '#platform/temporal/data-converter';
import { startCodecServer } from './codec/codec-server.ts';
import { gatewayConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { Authenticator } from './identity/authenticator.ts';
import { gatewayChecks } from './ops/gateway-checks.ts';

const LOCAL_DRAIN_MS = 200;
const LONGEST_DRAIN_MS = 30_000;

exitWhenLauncherDies();
const config = gatewayConfig();
const { mode, bind, instanceId, logLevel, payloadKeys, temporalNamespace } = config;
const log = createLogger({ service: 'gateway', environment: mode, level: logLevel, instance: instanceId });
const metrics = createMetrics('gateway');
const payloadRing = keyRingOf(payloadKeys);

const database = await connectDatabase({ url: config.databaseUrl.reveal(), applicationName: `gateway ${instanceId ?? process.pid}`, poolMax: config.databasePoolMax });
const temporal = await connectTemporal(config, createDataConverter(payloadRing, temporalNamespace));
const app = await createGateway({ config, database, temporal, log, metrics });
const authenticator = app.get(Authenticator);
const ops = await startOpsListener({
  bind, port: config.opsPort, service: 'gateway', version: productVersion(), metrics, checks: gatewayChecks(database, temporal, authenticator), schema: () => readSchemaVersion(database),
  gauges: () => {
    metrics.set('wattbook_temporal_up', temporal.isAvailable() ? 1 : 0);
    metrics.set('wattbook_credentials_stale_seconds', Math.min(authenticator.staleForMs / 1_000, Number.MAX_SAFE_INTEGER));
  },
});
const codec = await startCodecServer({ config, ring: payloadRing, log });
// Who drips headers or a body does not hold a connection for ever (A14). Answers may take as long as they take.
Object.assign(app.getHttpServer(), { headersTimeout: 15_000, requestTimeout: 30_000 });
await app.listen(config.port, bind);
ops.started();
log.info({ event: 'gateway.started', port: config.port, ops_port: config.opsPort }, `the gateway listens on ${bind}:${config.port}`);

let leaving = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void leave(signal));

/** O-50: not ready at once, a while of accepting for whoever has not noticed, then what is under way, then the end. */
async function leave(signal: string): Promise<void> {
  if (leaving) return;
  leaving = true;
  ops.draining();
  log.info({ event: 'gateway.stopping', signal }, 'the gateway stops');
  await delay(mode === 'production' ? config.drainDelayS * 1_000 : LOCAL_DRAIN_MS);
  const closed = app.close().catch((error: unknown) => log.warn({ event: 'gateway.close_failed', err: error }, 'not everything could be closed'));
  await Promise.race([closed, delay(mode === 'production' ? LONGEST_DRAIN_MS : 1_000)]);
  await Promise.allSettled([codec?.close(), temporal.close(), database.close(), ops.close()]);
  process.exit(0);
}
