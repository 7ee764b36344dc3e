import { setTimeout as delay } from 'node:timers/promises';
import { Runtime } from '@temporalio/worker';
import { startGridZones } from '#activities/grid/zone-runs';
import { keyRingOf } from '#platform/config/key-ring';
import { connectDatabase } from '#platform/db/connect';
import { MIGRATIONS } from '#platform/db/migrate';
import { readMigrations } from '#platform/db/migration-file';
import { gridSourcesOf } from '#platform/grid/configured-sources';
import { AddressGuard } from '#platform/nodes/address-guard';
import { AgentClient } from '#platform/nodes/agent-client';
import { AgentDirectory } from '#platform/nodes/agent-directory';
import { FleetWatch } from '#platform/nodes/fleet-watch';
import { NodeAgents } from '#platform/nodes/node-agents';
import { recordFailedCall } from '#platform/nodes/node-state.sql';
import { readSchemaVersion, schemaCheck } from '#platform/ops/checks';
import { startOpsListener } from '#platform/ops/ops-listener';
import { exitWhenLauncherDies } from '#platform/process/launcher';
import { productVersion } from '#platform/process/version';
import { createLogger } from '#platform/telemetry/logger';
import { createMetrics } from '#platform/telemetry/metrics';
import { connectTemporal } from '#platform/temporal/connect';
import { connectWorker } from '#platform/temporal/connect-worker';
import { createDataConverter } from '#platform/temporal/data-converter';
import { missingSearchAttributes } from '#platform/temporal/search-attributes';
import { sdkLogger } from '#platform/temporal/sdk-logger';
import { activitiesOf } from './activities.ts';
import { workerConfig } from './config.ts';
import { retrying } from './retrying.ts';
import { createWakeWorkloads } from './wake-workloads.ts';
import { createWorkers } from './workers.ts';

exitWhenLauncherDies();
const config = workerConfig();
const { mode, bind, instanceId, logLevel, temporalNamespace: namespace } = config;
const log = createLogger({ service: 'worker', environment: mode, level: logLevel, instance: instanceId });
const metrics = createMetrics('worker');
Runtime.install({ logger: sdkLogger(log), shutdownSignals: [] });

const database = await connectDatabase({ url: config.databaseUrl.reveal(), applicationName: `worker ${instanceId ?? process.pid}`, poolMax: config.databasePoolMax });
const dataConverter = createDataConverter(keyRingOf(config.payloadKeys), namespace);
const temporal = await connectTemporal(config, dataConverter);
let serving = false;
const ops = await startOpsListener({
  bind, port: config.workerOpsPort, service: 'worker', version: productVersion(), metrics,
  schema: () => readSchemaVersion(database),
  checks: [
    { name: 'database', required: true, ask: async () => void (await database.ping()) },
    schemaCheck(database, readMigrations(MIGRATIONS).at(-1)!.id),
    { name: 'temporal', required: true, ask: async () => void (await temporal.ping()) },
    { name: 'task queues', required: true, ask: async () => { if (!serving) throw new Error('the workers are not polling yet'); } },
  ],
});

const agents = new NodeAgents(
  new AgentDirectory(database, keyRingOf(config.masterKeys)),
  new AgentClient(new AddressGuard(config.nodeAddressAllow, mode === 'production')),
  (nodeId) => database.inSystem(async (em) => void (await recordFailedCall(em, nodeId))),
);
const sources = await gridSourcesOf(config);
if (sources.ignoredColumns.length > 0) log.info({ event: 'grid.replay_columns_ignored', columns: sources.ignoredColumns.join(' ') }, 'columns of the replay file that nobody reads');

// Temporal may be away when a worker starts, and come back: the worker waits for it and never exits for it (O-49).
const connection = await connectWorker(config, log);
const missing = await retrying(log, 'the search attributes', () => missingSearchAttributes(connection, namespace));
if (missing.length > 0) {
  log.error({ event: 'worker.search_attributes_missing' }, `the namespace ${namespace} lacks search attributes; run: ${missing.join(' && ')}`);
  process.exit(2);
}
const stopping = new AbortController();
const activities = activitiesOf({ database, temporal: temporal.client, agents, sources, nodeSecondsPerSecond: config.simTimeScale, codeVersion: productVersion(), stopping: stopping.signal }, config.queues);
const workers = await retrying(log, 'the task queues', () => createWorkers({
  connection, namespace, dataConverter, maxCachedWorkflows: config.maxCachedWorkflows,
  activities,
}));
const running = Promise.all(workers.map((worker) => worker.run()));
const fleet = new FleetWatch({ database, agents, log, onChange: createWakeWorkloads(database, temporal.client) });
if (config.queues.includes('workloads')) fleet.start();
if (config.queues.includes('grid')) await retrying(log, 'the grid zones', () => startGridZones(database, temporal.client));
serving = true;
ops.started();
log.info({ event: 'worker.started', queues: Object.keys(activities).join(',') }, 'the worker polls its task queues');

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void leave(signal));
await running;

/** O-51: what is under way gets its grace; a local stop does not wait for jobs that run for hours. */
async function leave(signal: string): Promise<void> {
  ops.draining();
  log.info({ event: 'worker.stopping', signal }, 'the worker finishes what it has and stops');
  await fleet.close();
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  stopping.abort();
  await Promise.race([running, delay(mode === 'production' ? 80_000 : 3_000)]);
  await Promise.allSettled([agents.close(), temporal.close(), database.close(), ops.close()]);
  process.exit(0);
}
