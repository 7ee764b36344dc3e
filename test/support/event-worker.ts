/** A worker process of its own, so that a test can kill it: node --conditions=source test/support/event-worker.ts <database url> <temporal> <namespace> <g/kWh by zone as JSON> */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, DefaultLogger, Worker } from '@temporalio/worker';
import { createEventActivities } from '#activities/grid/event.activities';
import { connectDatabase } from '#platform/db/connect';
import { createAnsweringActivities } from './answering-activities.ts';
import { constantViews } from './zone-with-work.ts';

const [url, address, namespace, intensities] = process.argv.slice(2) as [string, string, string, string];
Runtime.install({ logger: new DefaultLogger('ERROR') });
const database = await connectDatabase({ url, applicationName: 'event-worker', poolMax: 20 });
const temporal = new Client({ connection: await Connection.connect({ address }), namespace });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace,
  taskQueue: 'workloads',
  workflowsPath: new URL('./answering-workload.workflow.ts', import.meta.url).pathname,
  bundlerOptions: { webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } }) },
  activities: {
    ...createEventActivities({ database, temporal, routing: { zoneViews: constantViews(JSON.parse(intensities)), intervalMs: 60_000, nodeSecondsPerSecond: 12, codeVersion: 'test' } }),
    ...createAnsweringActivities(database),
  },
});
console.log('ready');
await worker.run();
