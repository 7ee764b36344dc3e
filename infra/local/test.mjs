// `npm test [-- <vitest arguments>]` (O-22): build, every test, wall time per tier, the slowest files, one closing line.
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { spawn } from 'node:child_process';
import { build } from './parts/build.mjs';
import { EXIT } from './parts/exit-codes.mjs';
import { PATHS, ROOT } from './parts/paths.mjs';
import { createReporter, StepFailed } from './parts/reporter.mjs';
import { dyingWithUs } from './parts/run.mjs';
import { findTemporal } from './parts/temporal-binary.mjs';

const SLOWEST = 5;

PATHS.makeFolders();
const reporter = createReporter();
try {
  await reporter.step('build', 'build', () => build());
} catch (error) {
  process.exit(error.exit ?? EXIT.failed);
}

/** The tests look on PATH and in .local/bin; what is in neither is fetched or built as `npm start` would. */
await reporter.step('temporal', 'Temporal', async () => {
  const found = await findTemporal({ download: process.env.WATTBOOK_TEMPORAL_DOWNLOAD !== 'off' }).catch(({ message }) => ({ message }));
  if (found.path) return found.path;
  if ((process.env.WATTBOOK_REQUIRE ?? '').split(',').some((need) => need.startsWith('temporal'))) throw new StepFailed(found.message, { exit: EXIT.noTemporal });
  return `SKIP every test that needs a Temporal server; ${found.message}`;
}).catch(({ exit }) => process.exit(exit));

const report = PATHS.in('state', `tests-${process.pid}.json`);
const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)];
const [command, args] = dyingWithUs('TERM', process.execPath, vitest);
const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => child.on('exit', (exit, signal) => resolve(signal ? EXIT.failed : exit)));

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return undefined;
  } finally {
    rmSync(report, { force: true });
  }
}

/** Tests beside the code are one tier; the folders under test/ are the others. */
const tierOf = (file) => (file.startsWith('test/') ? file.split('/').slice(0, 2).join('/') : 'beside the code');

function summary({ testResults }) {
  const files = testResults.map(({ name, startTime, endTime, assertionResults }) => ({ file: relative(ROOT, name), ms: endTime - startTime, tests: assertionResults.length }));
  const tiers = Map.groupBy(files, ({ file }) => tierOf(file));
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
  const sum = (list, field) => list.reduce((total, one) => total + one[field], 0);
  return [
    'tier                     files  tests  time',
    ...[...tiers].sort().map(([tier, list]) => `${tier.padEnd(24)} ${String(list.length).padStart(5)} ${String(sum(list, 'tests')).padStart(6)}  ${seconds(sum(list, 'ms'))}`),
    'slowest files',
    ...files.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST).map(({ file, ms }) => `  ${seconds(ms).padStart(7)}  ${file}`),
  ];
}

const result = readReport();
if (result) {
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: pending = 0, numTodoTests: todo = 0, testResults } = result;
  const brokenFiles = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed')).length;
  process.stdout.write(`\n${summary(result).join('\n')}\n\n${passed} passed, ${failed + brokenFiles} failed, ${pending + todo} skipped\n`);
} else process.stdout.write('\n0 passed, 1 failed, 0 skipped\n');
process.exitCode = code;
