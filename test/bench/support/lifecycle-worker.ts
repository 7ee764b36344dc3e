/**
 * Subject and reference of W-139 in one process, on the built code: `node test/bench/support/lifecycle-worker.ts <settings as JSON>`. The
 * product's own worker with its own activities, and beside it one for the empty workflow with the very same options.
 */
import { bundleWorkflowCode, NativeConnection, Runtime, DefaultLogger, Worker } from '@temporalio/worker';
import { Client, Connection } from '@temporalio/client';
import { parseKeyRing, type KeyRing } from '#platform/config/key-ring';
import { connectDatabase } from '#platform/db/connect';
import { GRID_ZONES } from '#domain/grid/zones';
import { makeSources } from '#platform/grid/make-sources';
import { seedSignals } from '#platform/grid/seed-signals';
import { AddressGuard } from '#platform/nodes/address-guard';
import { AgentClient } from '#platform/nodes/agent-client';
import { AgentDirectory } from '#platform/nodes/agent-directory';
import { NodeAgents } from '#platform/nodes/node-agents';
import { createDataConverter } from '#platform/temporal/data-converter';

const built = <T>(path: string) => import(new URL(`../../../dist/apps/worker/src/${path}.js`, import.meta.url).href) as Promise<T>;
const { activitiesOf } = await built<typeof import('../../../apps/worker/src/activities.ts')>('activities');
const { createWorkers } = await built<typeof import('../../../apps/worker/src/workers.ts')>('workers');

export interface LifecycleSettings {
  readonly databaseUrl: string;
  readonly temporal: string;
  readonly namespace: string;
  readonly ring: string;
}

const { databaseUrl, temporal: address, namespace, ring: ringText } = JSON.parse(process.argv[2]!) as LifecycleSettings;
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const ring = parseKeyRing(ringText) as KeyRing;
const database = await connectDatabase({ url: databaseUrl, applicationName: 'bench', poolMax: 10 });
const dataConverter = createDataConverter(ring, namespace);
const connection = await NativeConnection.connect({ address });
const temporal = new Client({ connection: await Connection.connect({ address }), namespace, dataConverter });
const agents = new NodeAgents(new AgentDirectory(database, ring), new AgentClient(new AddressGuard(['127.0.0.0/8'], false)));
const sources = await makeSources({ names: new Set(['simulated']), zones: new Set(GRID_ZONES.map(({ zone }) => zone)), intervalS: 3_600, stepS: 3_600, seed: 1 });
await seedSignals(database, sources);

const [subject] = await createWorkers({
  connection, namespace, dataConverter, maxCachedWorkflows: 500,
  activities: activitiesOf({ database, temporal, agents, sources, nodeSecondsPerSecond: 1, codeVersion: 'bench', stopping: new AbortController().signal }, ['workloads']),
});
const { maxConcurrentActivityTaskExecutions, maxConcurrentWorkflowTaskExecutions, maxConcurrentLocalActivityExecutions, maxCachedWorkflows, maxHeartbeatThrottleInterval, defaultHeartbeatThrottleInterval, stickyQueueScheduleToStartTimeout } = subject!.options;
const reference = await Worker.create({
  connection, namespace, dataConverter, taskQueue: 'empty',
  workflowBundle: await bundleWorkflowCode({ workflowsPath: new URL('./empty.workflow.ts', import.meta.url).pathname, logger: new DefaultLogger('ERROR'), failureConverterPath: dataConverter.failureConverterPath! }),
  activities: { nothing: async () => undefined },
  maxConcurrentActivityTaskExecutions, maxConcurrentWorkflowTaskExecutions, maxConcurrentLocalActivityExecutions, maxCachedWorkflows, maxHeartbeatThrottleInterval, defaultHeartbeatThrottleInterval, stickyQueueScheduleToStartTimeout,
} as Parameters<typeof Worker.create>[0]);
process.stdout.write('ready\n');
await Promise.all([subject!.run(), reference.run()]);
