/** npm run bench [-- --only a,b --rounds 5 --seconds 5 --json]: every bench beside its bar; absolute figures are shown, ratios decide (O-129, O-131). */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fork, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Row } from './bench.ts';

const { values } = parseArgs({
  strict: false,
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' }, json: { type: 'boolean' } },
});
const wanted = typeof values.only === 'string' ? values.only.split(',') : undefined;
const here = new URL('.', import.meta.url);
const names = readdirSync(here).filter((name) => name.endsWith('.bench.ts')).map((name) => name.slice(0, -'.bench.ts'.length)).filter((name) => !wanted || wanted.includes(name)).sort();
const unknown = (wanted ?? []).filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(', ')}`);
  process.exit(2);
}

// As `npm test` does it: what is neither on PATH nor kept is fetched or built. Benches that need a server are void without one, and say so.
const { findTemporal } = (await import(new URL('../../infra/local/parts/temporal-binary.mjs', here).href)) as { findTemporal: (options: { download: boolean }) => Promise<unknown> };
await findTemporal({ download: process.env['WATTBOOK_TEMPORAL_DOWNLOAD'] !== 'off' }).catch(({ message }: Error) => console.error(message));

const rows: (Row & { bench: string })[] = [];
for (const name of names) {
  const found = await rowsOf(name);
  rows.push(...found.map((row) => ({ bench: name, ...row })));
  if (!values.json) for (const row of found) console.log(line({ bench: name, ...row }));
}

const git = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).stdout.trim() || 'unknown';
const result = {
  at: new Date().toISOString(), commit: git, machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', memory_bytes: totalmem() },
  versions: { node: process.version }, settings: { rounds: Number(values.rounds), seconds: Number(values.seconds) }, rows,
};
mkdirSync('.local/bench', { recursive: true, mode: 0o700 });
const file = `.local/bench/${result.at.replaceAll(/[:.]/g, '-')}-${git}.json`;
writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
if (values.json) console.log(JSON.stringify(result));
else console.log(`written to ${file}`);
const failed = rows.filter(({ verdict }) => verdict === 'fail' || verdict === 'void').length;
process.exit(failed > 0 ? 1 : 0);

async function rowsOf(name: string): Promise<Row[]> {
  const child = fork(new URL('run-one.ts', here), [name, ...process.argv.slice(2)], { execArgv: ['--conditions=source'], serialization: 'advanced' });
  const said = Promise.withResolvers<Row[]>();
  child.on('message', (rows) => said.resolve(rows as Row[]));
  child.on('exit', (code, signal) => said.resolve([{ name, figure: Number.NaN, unit: '', bar: '', verdict: 'void', detail: `its process ended with ${signal ?? code}` }]));
  return said.promise;
}

function line({ bench, name, figure, unit, bar, verdict, detail }: Row & { bench: string }): string {
  const shown = Number.isFinite(figure) ? `${Number(figure.toPrecision(4))} ${unit}` : '–';
  return `${verdict.toUpperCase().padEnd(6)}${`${bench}: ${name}`.padEnd(58)} ${shown.padEnd(20)} bar ${bar.padEnd(22)} ${detail ?? ''}`;
}
