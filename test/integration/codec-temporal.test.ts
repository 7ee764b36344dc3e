import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { logContext, withLogContext, type LogContext } from '#platform/telemetry/context';
import { createLogger, silentLogger } from '#platform/telemetry/logger';
import { connectTemporal } from '#platform/temporal/connect';
import { connectWorker } from '#platform/temporal/connect-worker';
import { createDataConverter } from '#platform/temporal/data-converter';
import { correlationActivityInterceptor } from '#platform/temporal/interceptors/correlation.activity';
import type { TemporalLink } from '#platform/temporal/link';
import { missingSearchAttributes } from '#platform/temporal/search-attributes';
import { sdkLogger } from '#platform/temporal/sdk-logger';
import { useRuntime } from '../support/runtime.ts';
import { echo } from '../support/echo.workflow.ts';

const address = inject('temporal');
const NAMESPACE = 't21';
const CORRELATION = '4bf92f3577b34da6a3ce929d0e0e4736';
const ring = { active: 'k1', keys: new Map([['k1', randomBytes(32)], ['k2', randomBytes(32)]]) };
const config = { temporalAddress: address, temporalNamespace: NAMESPACE };

describe.skipIf(!address)('what Temporal stores and what runs carry (O-38, O-62 to O-64, O-67)', () => {
  const converter = createDataConverter(ring, NAMESPACE);
  const logged: Record<string, unknown>[] = [];
  const contexts: LogContext[] = [];
  let link: TemporalLink;
  let connection: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;

  beforeAll(async () => {
    const log = createLogger({ service: 'worker', environment: 'test', level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) });
    useRuntime(sdkLogger(log));
    link = await connectTemporal(config, converter);
    connection = await connectWorker(config, silentLogger);
    worker = await Worker.create({
      connection, namespace: NAMESPACE, taskQueue: 'echo', dataConverter: converter,
      workflowsPath: fileURLToPath(new URL('../support/echo.workflow.ts', import.meta.url)),
      bundlerOptions: { webpackConfigHook: (webpack) => ({ ...webpack, resolve: { ...webpack.resolve, conditionNames: ['source', '...'] } }) },
      interceptors: { activity: [correlationActivityInterceptor], workflowModules: [fileURLToPath(new URL('../../workflows/common/correlation.interceptors.ts', import.meta.url))] },
      activities: { heard: async (text: string) => (contexts.push(logContext()), `heard ${text}`) },
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await connection?.close();
    await link?.close();
    useRuntime();
  });

  const run = (workflowId: string, text: string) =>
    withLogContext({ correlation_id: CORRELATION }, () => link.client.workflow.execute(echo, { workflowId, taskQueue: 'echo', args: [text], staticSummary: `Echo of ${text}` }));
  /** The history as the server stores it, with every base64 text read. */
  const historyOf = async (id: string) =>
    JSON.stringify(await link.client.workflow.getHandle(id).fetchHistory()).replace(/"([A-Za-z0-9+/]{8,}={0,2})"/g, (_, text: string) => JSON.stringify(Buffer.from(text, 'base64').toString('latin1')));

  test('the raw history says nothing of arguments, results and summaries', async () => {
    expect(await run('echo/plain', 'canary-plain')).toBe('heard canary-plain');
    const history = await historyOf('echo/plain');
    expect(history).toContain('binary/encrypted');
    expect(history).not.toContain('canary');
  });

  test('messages and stack traces of failures are encoded too, and the caller reads them', async () => {
    const failed = await run('echo/failed', 'canary-fail').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(WorkflowFailedError);
    expect((failed as WorkflowFailedError).cause).toMatchObject({ message: 'failed with canary-fail', type: 'not-ready', details: [{ state: 'canary-fail' }] });
    const history = await historyOf('echo/failed');
    expect(history).toContain('Encoded failure');
    expect(history).not.toMatch(/canary|echo\.workflow/);
  });

  test('one correlation id: memo, the activity\'s context, the workflow\'s lines', async () => {
    await run('echo/correlated', 'x');
    expect((await link.client.workflow.getHandle('echo/correlated').describe()).memo).toEqual({ correlation_id: CORRELATION });
    expect(contexts.at(-1)).toMatchObject({ correlation_id: CORRELATION, workflow_id: 'echo/correlated', activity_type: 'heard', attempt: 1, task_queue: 'echo', workflow_type: 'echo' });
    const spoken = logged.filter(({ msg, workflow_id }) => msg === 'the workflow speaks' && workflow_id === 'echo/correlated');
    expect(spoken).toMatchObject([{ correlation_id: CORRELATION, level: 'info', event: 'temporal.workflow' }]);
  });

  test('a key that was rotated out of writing still opens what it wrote', async () => {
    await run('echo/rotated', 'before');
    const rotated = await connectTemporal(config, createDataConverter({ ...ring, active: 'k2' }, NAMESPACE));
    try {
      expect(await rotated.client.workflow.getHandle('echo/rotated').result()).toBe('heard before');
    } finally {
      await rotated.close();
    }
  });

  test('the namespace has the four search attributes; what is missing is told as a command', async () => {
    expect(await missingSearchAttributes(connection, NAMESPACE)).toEqual([]);
    const lacking = { operatorService: { listSearchAttributes: async () => ({ customAttributes: { OrgId: 2, Zone: 1 } }) } } as unknown as NativeConnection;
    expect(await missingSearchAttributes(lacking, 'prod')).toEqual(['Zone', 'WorkloadState', 'BillingPeriod'].map((name) => `temporal operator search-attribute create --namespace prod --name ${name} --type Keyword`));
  });

  test('availability is what the last probe saw', async () => {
    expect(link.isAvailable()).toBe(true);
    expect(await link.ping()).toBeGreaterThan(0);
    const nowhere = await connectTemporal({ ...config, temporalAddress: '127.0.0.1:1' }, converter);
    expect(nowhere.isAvailable()).toBe(false);
    expect(() => nowhere.assertAvailable()).toThrow(expect.objectContaining({ code: 'unavailable' }));
    await nowhere.close();
  });
});

test.skipIf(address)('Temporal is not here: find it with npm start, or name it in WATTBOOK_TEST_TEMPORAL', (context) => context.skip());
