import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from './exit-codes.mjs';
import { PATHS, ROOT } from './paths.mjs';
import { StepFailed } from './reporter.mjs';
import { onPath, runToEnd } from './run.mjs';

const CLI_OLDEST = [1, 5, 1];
const SERVER_OLDEST = [1, 29, 1]; // what CLI 1.5.1 contains; a CLI built from source calls itself 0.0.0-DEV
const GO_OLDEST = [1, 25];
const MODULE = join(ROOT, 'infra/local/temporal-cli');
const FETCH = join(ROOT, 'infra/local/fetch-temporal.mjs');
const VERSION_S = 10;
const FIRST_BYTE_S = 60;
const DOWNLOAD_S = 300;

const numbers = (text) => text.split('.').map(Number);
const atLeast = (have, oldest) => {
  const at = oldest.findIndex((part, n) => (have[n] ?? 0) !== part);
  return at < 0 || (have[at] ?? 0) > oldest[at];
};

/** What a binary says of itself, or why it cannot be used. */
export async function inspect(path) {
  const { code, text } = await runToEnd(path, ['--version'], { seconds: VERSION_S, cwd: '/' });
  const [, cli, server] = /version (\d+\.\d+\.\d+)\S* \(Server (\d+\.\d+\.\d+)/.exec(text) ?? [];
  if (code !== 0 || !cli) return { unusable: true, why: `${path} does not run or does not tell its version` };
  const fits = cli === '0.0.0' ? atLeast(numbers(server), SERVER_OLDEST) : atLeast(numbers(cli), CLI_OLDEST);
  return fits ? { path, cli: cli === '0.0.0' ? 'from source' : cli, server } : { unusable: true, why: `${path} is CLI ${cli} (server ${server}); ${CLI_OLDEST.join('.')} or newer is needed` };
}

async function fromPath() {
  const path = onPath('temporal');
  return path ? inspect(path) : { why: 'no `temporal` on PATH' };
}

const downloaded = (bin) => readdirSync(bin).filter((name) => name.startsWith('temporal-sdk-') && !/\.(new|tmp|downloading)/.test(name)).map((name) => join(bin, name));

/** A binary that an earlier start fetched or built costs nothing, so it goes before every slow source. */
async function fromEarlier(bin) {
  for (const path of [...downloaded(bin), builtPath(bin)].filter((one) => existsSync(one))) {
    const found = await inspect(path);
    if (!found.why) return found;
    rmSync(path, { force: true });
  }
  return { why: 'none from an earlier start in .local/bin' };
}

/** The SDK only downloads here; the launcher runs what came itself (O-17). */
async function fromDownload({ bin, allowed }) {
  if (!allowed) return { why: 'WATTBOOK_TEMPORAL_DOWNLOAD is off' };
  const bytes = () => readdirSync(bin).reduce((sum, name) => sum + (statSync(join(bin, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  const before = bytes();
  const log = PATHS.log('temporal-download');
  const download = new AbortController();
  const firstByte = setTimeout(() => bytes() === before && download.abort(), FIRST_BYTE_S * 1000);
  const { code } = await runToEnd(process.execPath, [FETCH, bin], { log, seconds: DOWNLOAD_S, signal: download.signal });
  clearTimeout(firstByte);
  const [path] = downloaded(bin);
  if (code !== 0 || !path) return { why: `the SDK's download failed (${download.signal.aborted ? `no byte within ${FIRST_BYTE_S} s` : readFileSync(log, 'utf8').trim().split('\n').at(-1) || `code ${code}`})` };
  return inspect(path);
}

const builtPath = (bin) => join(bin, `temporal-${createHash('sha256').update(readFileSync(join(MODULE, 'go.sum'))).digest('hex').slice(0, 12)}`);

async function fromSource(bin) {
  if (!onPath('go')) return { why: 'no `go` on PATH' };
  const { text } = await runToEnd('go', ['env', 'GOVERSION'], { seconds: VERSION_S, cwd: MODULE });
  const version = /go(\d+\.\d+)/.exec(text)?.[1] ?? '0';
  if (!atLeast(numbers(version), GO_OLDEST)) return { why: `Go ${version} is too old; ${GO_OLDEST.join('.')} or newer is needed` };
  const path = builtPath(bin);
  const log = PATHS.log('temporal-build');
  const { code } = await runToEnd('go', ['build', '-mod=readonly', '-o', `${path}.new`, 'github.com/temporalio/cli/cmd/temporal'], { log, cwd: MODULE });
  if (code !== 0) return { why: `the build from source failed (${log})` };
  renameSync(`${path}.new`, path);
  return inspect(path);
}

/** O-16: the first source that works, in order. What was too old or broken is named even when a later one works. */
export async function findTemporal({ download, bin = PATHS.bin }) {
  mkdirSync(bin, { recursive: true, mode: 0o700 });
  const refused = [];
  const sources = [
    ['PATH', fromPath], ['earlier start', () => fromEarlier(bin)], ['SDK download', () => fromDownload({ bin, allowed: download })], ['built from source', () => fromSource(bin)],
  ];
  for (const [source, find] of sources) {
    const found = await find();
    if (!found.why) return { ...found, source, passedOver: refused.filter(({ unusable }) => unusable).map(({ why }) => why) };
    refused.push({ source, ...found });
  }
  throw noTemporal(refused);
}

/** O-18: all four sources in order, why each failed, and what to do. */
function noTemporal(refused) {
  const why = (source) => refused.find((one) => one.source === source)?.why;
  const lines = [
    'no Temporal server was found:',
    '  1. TEMPORAL_ADDRESS is not set; set it to use a server that runs already',
    `  2. ${why('PATH')}; install the Temporal CLI ${CLI_OLDEST.join('.')} or newer`,
    `  3. ${why('SDK download')}; allow it with WATTBOOK_TEMPORAL_DOWNLOAD=on and a network that reaches temporal.download`,
    `  4. ${why('built from source')}; install Go ${GO_OLDEST.join('.')} or newer`,
  ];
  return new StepFailed(lines.join('\n'), { exit: EXIT.noTemporal, suggest: 'one of the four, then npm start' });
}
