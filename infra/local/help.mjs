// `npm run help`: every script with one line.
import { readFileSync } from 'node:fs';

const SAYS = {
  start: 'start everything, from a clean clone too; --json for one JSON object a step',
  stop: 'stop the running instance',
  status: 'how every process is; --json for one document',
  logs: 'follow one log: npm run logs -- gateway',
  reset: 'stop and delete the local data; asks first, or --yes',
  demo: 'show the main job end to end, each step with its evidence; --json, --seed N',
  config: 'npm run config -- check | show | template --mode production',
  build: 'compile to dist/',
  test: 'build, then every test; npm test -- <path> for some',
  check: 'types, lint, import rules, generated files, licences',
  docs: 'write the pages of docs/ that are made from code; --check only compares',
  bench: 'every bench beside its bar; npm run bench -- --only start',
  'replay:record': 'record histories of a release: npm run replay:record -- --release 0.1.0',
  help: 'this list',
};

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const command = (name) => (['start', 'test', 'stop'].includes(name) ? `npm ${name}` : `npm run ${name}`);
for (const name of Object.keys(scripts)) process.stdout.write(`  ${command(name).padEnd(21)} ${SAYS[name] ?? ''}\n`);
