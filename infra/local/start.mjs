// `npm start` (O-1): plain JavaScript that any Node from 20 on can run right after `git clone`. It answers for a running
// instance, installs what package-lock.json names, and hands over to the launcher under the pinned Node.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from './parts/exit-codes.mjs';
import { pointToRunning } from './parts/instance.mjs';
import { PATHS, ROOT } from './parts/paths.mjs';
import { runToEnd } from './parts/run.mjs';
import { createReporter, StepFailed } from './parts/reporter.mjs';

const PINNED = join(ROOT, 'node_modules', '.bin', 'node');
const INSTALLED = join(ROOT, 'node_modules', '.wattbook-install');

const json = process.argv.includes('--json');
const since = Date.now();

function checkMachine() {
  const [major] = process.versions.node.split('.').map(Number);
  const pinnedExists = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!pinnedExists && process.platform !== 'darwin')
    throw new StepFailed(`${process.platform} ${process.arch} is not supported`, { exit: EXIT.configuration, suggest: 'use Linux (x64 or arm64, WSL2 too) or macOS' });
  const needed = pinnedExists ? 20 : 24;
  if (major < needed) throw new StepFailed(`Node ${process.versions.node} is too old`, { exit: EXIT.configuration, suggest: `install Node ${needed} or newer` });
  return `${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

const lockHash = () => createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');

async function install() {
  const wanted = lockHash();
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return 'nothing to do';
  const log = PATHS.log('install');
  const { code } = await runToEnd('npm', ['ci', '--no-audit', '--no-fund'], { log, env: { ...process.env, npm_config_loglevel: 'error' } });
  if (code !== 0) throw new StepFailed(`npm ci ended with ${code}`, { log, suggest: 'npm ci' });
  writeFileSync(INSTALLED, wanted);
  return 'npm ci';
}

const runsPinned = () => !existsSync(PINNED) || realpathSync(PINNED) === realpathSync(process.execPath);

/** A Node before 22 cannot replace itself, so this process stays as a thin parent: signals go on, the exit code comes back. */
function handOver() {
  const child = spawn(PINNED, [join(ROOT, 'infra/local/launcher.mjs'), ...process.argv.slice(2), `--since=${since}`], { cwd: ROOT, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid === parent || process.exit(EXIT.failed), 250); // npm is gone: so are we, and the launcher sees it
  child.on('exit', (code, signal) => {
    clearInterval(watch);
    process.exit(signal ? EXIT.failed : (code ?? EXIT.failed));
  });
}

async function main() {
  if (await pointToRunning({ json })) return;
  PATHS.makeFolders();
  const reporter = createReporter({ json, since });
  await reporter.step('machine', 'check machine', checkMachine);
  await reporter.step('install', 'install packages', install);
  if (!runsPinned()) return handOver();
  const { launch } = await import('./launcher.mjs');
  await launch({ json, since });
}

main().catch((error) => {
  if (!(error instanceof StepFailed)) process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(error?.exit ?? EXIT.failed);
});
