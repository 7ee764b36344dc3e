import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker, type InjectedSinks, type ReplayResult } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import { FAILURE_CONVERTER } from '#platform/temporal/data-converter';
import type { RecordedRun } from './corpus.ts';

/** The code that a worker runs, from `folder`, which is laid out as workflows/ is. */
export async function bundleOf(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(process.cwd(), folder, 'registry.ts'),
    workflowInterceptorModules: [join(process.cwd(), folder, 'common/correlation.interceptors.ts')],
    failureConverterPath: FAILURE_CONVERTER,
    logger: new DefaultLogger('ERROR', () => undefined),
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } }),
  });
  return code;
}

export interface Edit {
  readonly file: string;
  readonly search: RegExp;
  readonly replacement: string;
}

/** A changed copy of workflows/, as code. @throws Error where a search finds nothing: then nothing would be tested */
export async function changedBundle(copy: string, edits: readonly Edit[]): Promise<string> {
  cpSync('workflows', copy, { recursive: true });
  for (const { file, search, replacement } of edits) {
    const path = join(copy, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(search, replacement);
    if (after === before) throw new Error(`${search} finds nothing in workflows/${file}: the change that must fail its replay was not made`);
    writeFileSync(path, after);
  }
  return bundleOf(copy);
}

/** What came of each run, in the order given. */
export async function replayed(code: string, runs: readonly RecordedRun[], sinks: InjectedSinks<Sinks> = {}): Promise<ReplayResult[]> {
  const results = new Map<string, ReplayResult>();
  const options = { workflowBundle: { code }, dataConverter: { failureConverterPath: FAILURE_CONVERTER }, sinks };
  for await (const result of Worker.runReplayHistories(options, runs.map(({ workflowId, history }) => ({ workflowId, history })))) results.set(result.runId, result);
  return runs.map((run) => results.get(run.events[0]!['workflowExecutionStartedEventAttributes'].originalExecutionRunId)!);
}
