import { describe, expect, test } from 'vitest';
import { SAMPLE_NODES, SAMPLE_ORGANISATIONS } from '#platform/db/sample-organisations';
import * as event from '#workflows/grid/event.messages';
import * as zone from '#workflows/grid/zone.messages';
import * as workload from '#workflows/workloads/workload.messages';
import { payloadsIn, recordedRuns, type RecordedEvent, type RecordedRun } from './corpus.ts';

const MESSAGES = { workload, gridEvent: event, gridZone: zone };
const TYPES = Object.keys(MESSAGES) as (keyof typeof MESSAGES)[];
const runs = recordedRuns();
const of = (type: string) => runs.filter(({ workflow }) => workflow === type);
const each = runs.map((run) => [`${run.workflow} ${run.release} ${run.name}`, run] as const);
const attributes = ({ events }: RecordedRun, kind: string): Record<string, any>[] => events.flatMap((one) => one[`${kind}EventAttributes`] ?? []);
const names = (type: keyof typeof MESSAGES, kind: 'signal' | 'update') =>
  Object.values(MESSAGES[type]).flatMap((one) => (typeof one === 'object' && 'type' in one && one.type === kind ? [String(one.name)] : [])).sort();
const heard = (type: string, kind: 'Signaled' | 'UpdateAccepted') => {
  const found = of(type).flatMap((run) => attributes(run, `workflowExecution${kind}`)).map((one) => (kind === 'Signaled' ? one['signalName'] : one['acceptedRequest'].input.name) as string);
  return [...new Set(found)].sort();
};

describe('the corpus holds what O-58 wants', () => {
  test.each(TYPES)('every signal and every update of %s', (type) => {
    expect(heard(type, 'Signaled')).toEqual(names(type, 'signal'));
    expect(heard(type, 'UpdateAccepted')).toEqual(names(type, 'update'));
  });

  test('every end: four of a workload, each way that an event resolves; a zone has none', () => {
    const ends = (type: string, member: string) => [...new Set(of(type).flatMap((run) => attributes(run, 'workflowExecutionCompleted')).map(({ result }) => JSON.parse(payloadsIn(result)[0]!)[member]))].sort();
    expect(ends('workload', 'state')).toEqual(['cancelled', 'completed', 'expired', 'failed']);
    expect(ends('gridEvent', 'cause')).toEqual(expect.arrayContaining(['call_ended', 'condition_over', 'not_confirmed', 'rolled']));
    expect(ends('gridZone', 'state')).toEqual([]);
  });

  test.each(TYPES)('a run of %s that continued as new, and the one after it', (type) => {
    const [before] = of(type).filter((run) => attributes(run, 'workflowExecutionContinuedAsNew').length === 1);
    const next = attributes(before!, 'workflowExecutionContinuedAsNew')[0]!['newExecutionRunId'];
    expect(of(type).map((run) => attributes(run, 'workflowExecutionStarted')[0]!['originalExecutionRunId'])).toContain(next);
  });
});

describe('what a history holds', () => {
  /** Inputs of runs, activities, signals and updates. */
  const inputs = (recorded: RecordedEvent): unknown[] =>
    Object.entries(recorded).filter(([name]) => name.endsWith('EventAttributes')).flatMap(([, one]) => [one.input, one.acceptedRequest?.input?.args].filter((input) => input !== undefined));

  test.each(each)('O-61: arguments of at most 4 KiB: %s', (_name, { events }) => {
    const sizes = events.flatMap(inputs).flatMap(payloadsIn).map((text) => Buffer.byteLength(text));
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4_096);
  });

  test.each(each)('ids, no names, prices, images or paths: %s', (_name, run) => {
    const texts = [...run.events.flatMap(payloadsIn), JSON.stringify(run.events)];
    const organisations = SAMPLE_ORGANISATIONS.flatMap(({ slug, name }) => [slug, name]).filter((word) => word.length > 5 && word !== 'platform');
    const words = ['recorded', 'ordered by a test', 'micro_usd', 'usd', 'image', '"labels"', 'wb_test_', 'encrypted', process.cwd(), 'node_modules'];
    const secrets = [...organisations, ...SAMPLE_NODES.map(({ slug }) => slug), ...words];
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
  });

  test.each(each)('W-148, and small enough to read and to keep: %s', (_name, { bytes, events }) => {
    expect(bytes).toBeLessThanOrEqual(150 * 1024);
    expect(events.length).toBeLessThan(4_000);
  });

  test('O-66: every activity says in words what it is for', () => {
    const silent = runs.flatMap(({ workflow, events }) => events.filter((one) => one['activityTaskScheduledEventAttributes'] && payloadsIn(one['userMetadata']?.summary).length === 0).map((one) => `${workflow} ${one['activityTaskScheduledEventAttributes'].activityType.name}`));
    expect([...new Set(silent)]).toEqual([]);
  });
});
