import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PATHS, ROOT } from './paths.mjs';
import { StepFailed } from './reporter.mjs';
import { runToEnd } from './run.mjs';

/** Incremental: a build with nothing to do takes a moment. */
export async function build(env = process.env) {
  const log = PATHS.log('build');
  const { code } = await runToEnd(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b'], { log, env });
  if (code !== 0) throw new StepFailed('the build failed', { log, suggest: 'npm run build' });
  if (!isBundleStale()) return 'dist/';
  const { code: bundled } = await runToEnd(process.execPath, [PATHS.dist('apps/worker/src/bundle.js')], { log, env });
  if (bundled !== 0) throw new StepFailed('the workflows could not be bundled', { log, suggest: 'npm run build' });
  return 'dist/';
}

/** tsc touches its record only when it has written something. */
function isBundleStale() {
  const bundle = PATHS.dist('workflow-bundle.js');
  return !existsSync(bundle) || statSync(bundle).mtimeMs < statSync(PATHS.dist('tsconfig.tsbuildinfo')).mtimeMs;
}

const CLI = PATHS.dist('apps/cli/src/main.js');

async function cli(name, args, env) {
  const log = PATHS.log(name);
  const { code } = await runToEnd(process.execPath, ['--enable-source-maps', CLI, 'db', ...args], { log, env });
  if (code !== 0) throw new StepFailed(`wattbook db ${args[0]} failed`, { log, suggest: `npm run logs -- ${name}` });
}

/** Schema and sample data, each as a step of its own by the command line: no server process migrates when it starts. */
export async function databaseStep(step, { urls, keys, env }) {
  if (!existsSync(CLI)) throw new StepFailed(`${CLI} is missing`, { suggest: 'npm run build' });
  if (step === 'seed') return cli('seed', ['seed', '--keys', keys.apiKeys.file, '--enrolments', keys.enrolments.file], env).then(() => 'sample organisations and nodes');
  if (urls.superuserUrl) await cli('bootstrap', ['bootstrap', '--superuser-url', urls.superuserUrl], env);
  return cli('migrate', ['migrate'], env).then(() => 'schema is current');
}
