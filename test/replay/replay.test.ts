import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, type LogEntry, type ReplayResult } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordedRuns } from './corpus.ts';
import { bundleOf, changedBundle, replayed, type Edit } from './replaying.ts';

const runs = recordedRuns();
const named = (workflow: string, name: string) => runs.find((run) => run.workflow === workflow && run.name === name)!;
const lines: LogEntry[] = [];
/** What the runs themselves say; the worker's own tracing of its work is not theirs. */
const ofRuns = () => lines.filter(({ meta }) => meta?.['sdkComponent'] === 'workflow');
let folder = '';

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('TRACE', (line) => void lines.push(line)) });
  mkdirSync('.local', { recursive: true, mode: 0o700 });
  folder = mkdtempSync('.local/replay-');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('recorded histories replay with the code as it is (O-58)', () => {
  let results: readonly ReplayResult[] = [];
  beforeAll(async () => {
    lines.length = 0;
    results = await replayed(await bundleOf('workflows'), runs);
  });

  test.each(runs.map(({ workflow, release, name }, n) => [`${workflow} ${release} ${name}`, n] as const))('%s', (_name, n) => {
    expect(results[n]).toMatchObject({ workflowId: runs[n]!.workflowId });
    expect(results[n]!.error).toBeUndefined();
  });

  test('and say nothing while they do (O-39)', () => {
    expect(ofRuns()).toEqual([]);
  });
});

test('a line that a workflow logs is not written again by its replay (O-39)', async () => {
  const reached: string[] = [];
  const planted = `$&\n  log.info('said by a run');\n  proxySinks<{ canary: { reached(said: string): void } }>().canary.reached('yes');`;
  const code = await changedBundle(join(folder, 'logs'), [
    { file: 'workloads/workload.workflow.ts', search: /isCancellation, /, replacement: '$&log, proxySinks, ' },
    { file: 'workloads/workload.workflow.ts', search: /const run = begin\(input, Date\.now\(\)\);/, replacement: planted },
  ]);
  lines.length = 0;
  const [result] = await replayed(code, [named('workload', 'completed')], { canary: { reached: { fn: (_info: unknown, said: string) => void reached.push(said), callDuringReplay: true } } });
  expect([result!.error, reached, ofRuns()]).toEqual([undefined, ['yes'], []]);
}, 60_000);

/** Changes that no open run would survive, of the three kinds that O-59 names; each type's is seen by the history named beside it. */
const CHANGES: Readonly<Record<string, readonly (Edit & { readonly type: string; readonly seenBy: string })[]>> = {
  'an activity renamed': [
    { type: 'workload', seenBy: 'completed', file: 'workloads/workload.steps.ts', search: /\{ place \}/, replacement: '{ placeSomewhere: place }' },
    { type: 'gridEvent', seenBy: 'shed-resolved', file: 'grid/event.steps.ts', search: /\{ pickAffected \}/, replacement: '{ pickNobody: pickAffected }' },
    { type: 'gridZone', seenBy: 'ticks-advance-refresh', file: 'grid/zone.workflow.ts', search: /patient\.tickZone\(/, replacement: 'patient.tockZone(' },
  ],
  // Answers an event before it acts; measures the response before it stops asking; ticks before it serves who asked
  'an order swapped': [
    {
      type: 'workload', seenBy: 'moved-by-a-shed', file: 'workloads/workload.workflow.ts', search: /const answer = (await act\(run, task\.action\);)\n( *if \(task\.action\.event\) await answerEvent\(.*), answer \}\);/,
      replacement: "$2, answer: 'kept' });\n$1",
    },
    { type: 'gridEvent', seenBy: 'shed-resolved', file: 'grid/event.workflow.ts', search: /await letGo\(event\);([\s\S]*?)await measureResponse\(event\);/, replacement: 'await measureResponse(event);$1await letGo(event);' },
    {
      type: 'gridZone', seenBy: 'ticks-advance-refresh', file: 'grid/zone.workflow.ts', search: /if \(next\) \{\s*await serve\(next\);\s*continue;\s*\}\s*if \(!looking([\s\S]*?AFTER_TROUBLE_MS;\s*\})/,
      replacement: 'if (!next && !looking$1\nif (next) await serve(next);',
    },
  ],
  'a timer removed': [
    { type: 'workload', seenBy: 'queued-routed', file: 'workloads/workload.workflow.ts', search: /condition\(isAwake, .*\);/, replacement: 'condition(isAwake);' },
    { type: 'gridEvent', seenBy: 'continued-as-new', file: 'grid/event.workflow.ts', search: /condition\(\(\) => over !== null, .*\);/, replacement: 'condition(() => over !== null);' },
    { type: 'gridZone', seenBy: 'ticks-advance-refresh', file: 'grid/zone.workflow.ts', search: /(queue\.length > 0 \|\| looking), dueAt - Date\.now\(\)/, replacement: '$1' },
  ],
};

describe.each(Object.entries(CHANGES))('a workflow with %s fails its replay (O-59)', (kind, changes) => {
  let results: readonly ReplayResult[] = [];
  beforeAll(async () => {
    const code = await changedBundle(join(folder, kind.replaceAll(' ', '-')), changes);
    results = await replayed(code, changes.map(({ type, seenBy }) => named(type, seenBy)));
  });

  test.each(changes.map(({ type }, n) => [type, n] as const))('%s', (_type, n) => {
    expect(results[n]!.error).toBeInstanceOf(DeterminismViolationError);
  });
});

test('every type has each kind of change', () => {
  const types = [...new Set(runs.map(({ workflow }) => workflow))].sort();
  for (const changes of Object.values(CHANGES)) expect(changes.map(({ type }) => type).sort()).toEqual(types);
});
