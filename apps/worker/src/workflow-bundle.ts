import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import { projectRoot } from '#platform/process/project-root';

const fromSource = import.meta.url.endsWith('.ts');

/** Made by `npm run build` (bundle.ts), so that a worker that comes back polls at once. */
export const PREBUILT = join(projectRoot(), 'dist/workflow-bundle.js');

/** From source or from dist: what is meant lies beside this file, with the same ending. */
const beside = (path: string): string => fileURLToPath(new URL(`../../../workflows/${path}${extname(fileURLToPath(import.meta.url))}`, import.meta.url));

const INTERCEPTORS = beside('common/correlation.interceptors');

const made = new Map<string | undefined, Promise<string>>();

/** The workflows as one file of code: the built one, or from source made here, once a process. */
export async function workflowBundleOf(failureConverterPath: string | undefined): Promise<WorkflowBundleOption> {
  if (!fromSource && existsSync(PREBUILT)) return { codePath: PREBUILT };
  const code = made.get(failureConverterPath) ?? bundleCode(failureConverterPath);
  made.set(failureConverterPath, code);
  return { code: await code };
}

export async function bundleCode(failureConverterPath: string | undefined): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: beside('registry'),
    workflowInterceptorModules: [INTERCEPTORS],
    logger: new DefaultLogger('WARN'), // the bundler's own narration is no log line of ours
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    webpackConfigHook: (config) => (fromSource ? { ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } } : config),
  });
  return code;
}
