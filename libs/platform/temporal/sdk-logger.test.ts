import { describe, expect, test } from 'vitest';
import type { LogFields, Logger } from '#platform/telemetry/logger';
import { sdkLogger } from './sdk-logger.ts';

function heard() {
  const lines: [string, LogFields, string][] = [];
  const write = (level: string) => (fields: LogFields, message: string) => void lines.push([level, fields, message]);
  const log: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { lines, sdk: sdkLogger(log) };
}

describe('lines of the SDK (O-34, O-39)', () => {
  test('what workflow code says keeps its level and gets our names', () => {
    const { lines, sdk } = heard();
    sdk.info('placed', { sdkComponent: 'workflow', workflowId: 'workload/1', runId: 'r', workflowType: 'workload', correlation_id: 'c', historySize: 12, secretThing: 'x' });
    expect(lines).toEqual([['info', { event: 'temporal.workflow', workflow_id: 'workload/1', run_id: 'r', workflow_type: 'workload', correlation_id: 'c' }, 'placed']]);
  });

  test('the worker\'s own narration is for developers, its warnings are not', () => {
    const { lines, sdk } = heard();
    sdk.info('Worker state changed', { sdkComponent: 'worker' });
    sdk.warn('poll failed', { sdkComponent: 'core', error: new Error('x') });
    expect(lines.map(([level, { event }]) => [level, event])).toEqual([['debug', 'temporal.worker'], ['warn', 'temporal.core']]);
    expect(lines[1]![1].err).toBeInstanceOf(Error);
  });

  test('each level has its place, with and without metadata', () => {
    const { lines, sdk } = heard();
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) sdk[level](level);
    expect(lines.map(([level]) => level)).toEqual(['debug', 'debug', 'info', 'warn', 'error']);
  });
});
