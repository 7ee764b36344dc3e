import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { logContext, withLogContext } from '#platform/telemetry/context';
import { silentLogger } from '#platform/telemetry/logger';
import { correlationActivityInterceptor } from './correlation.activity.ts';
import { correlationClientInterceptor } from './correlation.client.ts';
import { CORRELATION_HEADER } from './correlation-header.ts';
import { deadlineClientInterceptor } from './deadline.client.ts';

const ID = '0af7651916cd43dd8448eb211c80319c';
type Hook = 'startWithDetails' | 'signal' | 'signalWithStart' | 'startUpdate';
const call = (hook: Hook, input: object) => (correlationClientInterceptor[hook] as any)(input, (given: object) => given);
const idIn = (headers: Record<string, any>) => (headers[CORRELATION_HEADER] ? defaultPayloadConverter.fromPayload(headers[CORRELATION_HEADER]) : undefined);

const info = { activityType: 'place', attempt: 2, taskQueue: 'workloads', workflowExecution: { workflowId: 'workload/1', runId: 'run' }, workflowType: 'workload' };

describe('O-38: one id from the request to the run', () => {
  test.each<Hook>(['startWithDetails', 'signal', 'signalWithStart', 'startUpdate'])('%s carries it, beside what was there', (hook) => {
    const given = withLogContext({ correlation_id: ID }, () => call(hook, { headers: { other: 1 }, options: {} }));
    expect([idIn(given.headers), given.headers.other]).toEqual([ID, 1]);
  });

  test.each<Hook>(['startWithDetails', 'signalWithStart'])('%s writes it into the memo, for who looks later', (hook) => {
    const given = withLogContext({ correlation_id: ID }, () => call(hook, { headers: {}, options: { memo: { mine: 1 } } }));
    expect(given.options.memo).toEqual({ mine: 1, correlation_id: ID });
  });

  test('outside of a request there is none, and nothing is made up', () => {
    expect(call('startWithDetails', { headers: {}, options: {} })).toEqual({ headers: {}, options: { memo: {} } });
    expect(call('signal', { headers: { other: 1 } })).toEqual({ headers: { other: 1 } });
  });
});

describe('O-38: and on to the activities’ lines', () => {
  const seen = (headers: object) =>
    (correlationActivityInterceptor({ info, log: silentLogger } as never).inbound!.execute as any)({ headers, args: [] }, async () => logContext()) as Promise<object>;

  test('the id and whose step it is', async () => {
    expect(await seen({ [CORRELATION_HEADER]: defaultPayloadConverter.toPayload(ID) })).toEqual({
      correlation_id: ID, workflow_id: 'workload/1', run_id: 'run', workflow_type: 'workload', activity_type: 'place', attempt: 2, task_queue: 'workloads',
    });
  });

  test('a run that was started without one logs without one', async () => expect(await seen({})).not.toHaveProperty('correlation_id'));

  test('what one activity logs never reaches the next', async () => {
    await seen({ [CORRELATION_HEADER]: defaultPayloadConverter.toPayload(ID) });
    expect(logContext()).toEqual({});
  });
});

describe('what an activity did, as a line', () => {
  const lines = async (headers: object, work: () => Promise<unknown>) => {
    const told: string[] = [];
    const log = { debug: (message: string) => told.push(`debug ${message}`), info: (message: string) => told.push(`info ${message}`) };
    await (correlationActivityInterceptor({ info, log } as never).inbound!.execute as any)({ headers, args: [] }, work).catch(() => undefined);
    return told;
  };
  const asked = { [CORRELATION_HEADER]: defaultPayloadConverter.toPayload(ID) };

  test('done for a request is a business fact, housekeeping is for developers', async () => {
    expect(await lines(asked, async () => 1)).toEqual(['info place ok']);
    expect(await lines({}, async () => 1)).toEqual(['debug place ok']);
  });

  test('a failure is said and still thrown', async () => {
    const fails = () => Promise.reject(new Error('x'));
    expect(await lines(asked, fails)).toEqual(['info place error']);
    await expect((correlationActivityInterceptor({ info, log: silentLogger } as never).inbound!.execute as any)({ headers: {}, args: [] }, fails)).rejects.toThrow('x');
  });
});

describe('deadlines: nobody waits for ever on a server that is away', () => {
  test.each([['startWithDetails', 5_000], ['signal', 5_000], ['signalWithStart', 5_000], ['query', 5_000], ['describe', 5_000], ['startUpdate', 25_000]] as const)('%s: %s ms', async (hook, ms) => {
    let until = 0;
    const interceptor = deadlineClientInterceptor({ withDeadline: (at: number, work: () => unknown) => ((until = at), work()) } as never);
    const begin = Date.now();
    expect(await (interceptor[hook] as any)({ a: 1 }, async (given: object) => given)).toEqual({ a: 1 });
    expect(until - begin).toBeGreaterThanOrEqual(ms);
    expect(until - begin).toBeLessThan(ms + 1_000);
  });
});
