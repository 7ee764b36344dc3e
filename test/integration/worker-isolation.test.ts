import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { uuidv7 } from '#platform/ids/uuidv7';
import { logContext, withLogContext } from '#platform/telemetry/context';
import { FAILURE_CONVERTER } from '#platform/temporal/data-converter';
import { correlationActivityInterceptor } from '#platform/temporal/interceptors/correlation.activity';
import { correlationClientInterceptor } from '#platform/temporal/interceptors/correlation.client';
import { workloadWorkflowId, type WorkloadInput } from '#workflows/workloads/workload.messages';
import { bundleCode } from '../../apps/worker/src/workflow-bundle.ts';
import { sources } from '../architecture/sources.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { canary, type Sight } from './worker-isolation.workflow.ts';

/** Writes to what all runs of a worker share: prototypes, constructors, the global object. */
const SHARED = /\bglobalThis\b|\.prototype\b|\b(?:Object|Array|String|Number|Map|Set|Date|Math|JSON|Promise|RegExp|Error|Symbol)\.\w+ = |__proto__|setPrototypeOf/;
const writers = (texts: readonly { path: string; text: string }[]) =>
  texts.flatMap(({ path, text }) => text.split('\n').filter((line) => SHARED.test(line)).map((line) => `${path}: ${line.trim()}`));

test('so nothing that a worker loads writes to what its runs share (O-60)', () => {
  expect(writers(sources().filter(({ path, isTest }) => !isTest && /^(workflows|activities|libs\/domain)\//.test(path)))).toEqual([]);
});

test('and the rule sees the canary of these tests', () => {
  const path = 'test/integration/worker-isolation.workflow.ts';
  expect(writers(sources().filter((one) => one.path === path))).toHaveLength(2);
});

const address = inject('temporal');
if (!address) console.warn('SKIP worker-isolation: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!address)('two organisations on one worker, its contexts reused (O-60)', () => {
  let client: Client;
  let connection: NativeConnection;
  let workers: Worker[] = [];
  let running: Promise<unknown>;
  /** Module state of activities is the process's own: what lies here, every run sees. */
  const kept: string[] = [];
  const heard: { orgId: string; workloadId: string; correlationId: unknown }[] = [];

  beforeAll(async () => {
    useRuntime();
    const namespace = await takeNamespace();
    client = new Client({ connection: await Connection.connect({ address }), namespace, interceptors: { workflow: [correlationClientInterceptor] } });
    connection = await NativeConnection.connect({ address });
    const hears = <T>(answer: T) => async ({ orgId, workloadId }: { orgId: string; workloadId: string }): Promise<T> => {
      heard.push({ orgId, workloadId, correlationId: logContext().correlation_id });
      return answer;
    };
    const common = { connection, namespace, reuseV8Context: true, maxCachedWorkflows: 100 };
    workers = [
      await Worker.create({
        ...common, taskQueue: 'canaries', workflowsPath: fileURLToPath(new URL('./worker-isolation.workflow.ts', import.meta.url)),
        activities: { keep: async (own: string) => (kept.push(own), [...kept]) },
      }),
      await Worker.create({
        ...common, taskQueue: 'workloads', workflowBundle: { code: await bundleCode(FAILURE_CONVERTER) }, interceptors: { activity: [correlationActivityInterceptor] },
        activities: { place: hears({ outcome: 'ended', reason: 'deadline_before_start' }), stopJob: hears({ reason: 'deadline_before_start' }), settle: hears(null) },
      }),
    ];
    running = Promise.all(workers.map((worker) => worker.run()));
  });
  afterAll(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await connection?.close();
    await client?.connection.close();
  });

  const run = (own: string): Promise<Sight> => client.workflow.execute(canary, { workflowId: `canary/${own}`, taskQueue: 'canaries', args: [own] });

  test('a run finds its own canary again, and nobody else\'s: at module level and in globals', async () => {
    const first = await run('org-a');
    const second = await run('org-b');
    expect([first.module, first.global]).toEqual([['org-a'], ['org-a']]);
    expect([second.module, second.global]).toEqual([['org-b'], ['org-b']]);
    // What nothing isolates, and so what a leak looks like: built-ins of a reused context, and the process that activities share
    expect([second.builtIn, second.activity]).toEqual([['org-a', 'org-b'], ['org-a', 'org-b']]);
  });

  test('nor while both are alive, task by task', async () => {
    const owners = Array.from({ length: 20 }, (_, n) => `org-${n % 2 ? 'c' : 'd'}-${n}`);
    const sights = await Promise.all(owners.map(run));
    expect(sights.map(({ module, global }) => [module, global])).toEqual(owners.map((own) => [[own], [own]]));
  });

  test('the product\'s own runs: each activity is asked for its own organisation, under its own request', async () => {
    const orgs = [uuidv7(), uuidv7()];
    const limits = { intervalMs: 1_000, startTimeoutMs: 1_000, settleTimeoutMs: 1_000, pausedTooLongMs: 1_000, maxLifetimeMs: 60_000 };
    const inputs: WorkloadInput[] = Array.from({ length: 10 }, (_, n) => ({ orgId: orgs[n % 2]!, workloadId: uuidv7(), limits }));
    await Promise.all(inputs.map((input) => withLogContext({ correlation_id: `of ${input.workloadId}` }, () =>
      client.workflow.execute('workload', { workflowId: workloadWorkflowId(input.workloadId), taskQueue: 'workloads', args: [input] }))));
    const orgOf = new Map(inputs.map(({ orgId, workloadId }) => [workloadId, orgId]));
    expect(heard.length).toBeGreaterThanOrEqual(3 * inputs.length);
    for (const { orgId, workloadId, correlationId } of heard) expect([orgId, correlationId]).toEqual([orgOf.get(workloadId), `of ${workloadId}`]);
  }, 60_000);
});
