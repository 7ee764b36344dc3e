import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordedRuns, type RecordedRun } from './corpus.ts';

const runs = recordedRuns();
const TYPES = ['workload', 'gridEvent', 'gridZone'];

/** A change that no open run would survive, one for each kind that O-59 names: a copy of the workflows, never the product. */
const CHANGES: Readonly<Record<string, readonly [file: string, search: RegExp, replacement: string]>> = {
  workload: ['workloads/workload.workflow.ts', /\.place\(/g, '.placeSomewhere('],
  gridEvent: ['grid/event.workflow.ts', /\.pickAffected\(/g, '.pickNobody('],
  gridZone: ['grid/zone.workflow.ts', /\.tick\(/g, '.tock('],
};

let bundle: WorkflowBundle;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
  bundle = await bundleOf('workflows');
}, 60_000);

describe('recorded histories replay with the code as it is (O-58)', () => {
  test('the corpus holds every type of workflow', () => {
    expect([...new Set(runs.map(({ workflow }) => workflow))].sort()).toEqual([...TYPES].sort());
  });

  test.each(runs.map((run) => [`${run.workflow} ${run.release} ${run.name}`, run] as const))('%s', async (_name, run) => {
    await replay(bundle, run);
  });
});

describe('a changed workflow fails its replay (O-59)', () => {
  const folder = (() => {
    mkdirSync('.local', { recursive: true, mode: 0o700 });
    return mkdtempSync('.local/replay-');
  })();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(TYPES)('%s with an activity renamed', async (type) => {
    const [file, search, replacement] = CHANGES[type]!;
    const copy = join(folder, type);
    cpSync('workflows', copy, { recursive: true });
    const before = readFileSync(join(copy, file), 'utf8');
    const after = before.replaceAll(search, replacement);
    expect(after).not.toBe(before);
    writeFileSync(join(copy, file), after);
    const run = runs.find(({ workflow }) => workflow === type)!;
    await expect(replay(await bundleOf(copy), run)).rejects.toThrow(DeterminismViolationError);
  }, 60_000);
});

const bundleOf = (folder: string): Promise<WorkflowBundle> =>
  bundleWorkflowCode({
    workflowsPath: join(process.cwd(), folder, 'registry.ts'),
    logger: new DefaultLogger('ERROR', () => undefined),
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } }),
  });

const replay = ({ code }: { code: string }, { history, workflowId }: RecordedRun) => Worker.runReplayHistory({ workflowBundle: { code } }, history, workflowId);
