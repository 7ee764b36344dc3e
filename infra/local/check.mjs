// npm run check: every rule that needs no running system. All run, also when one fails; each failure says how to mend it (O-23).
import { spawnSync } from 'node:child_process';

const bin = (name) => `node_modules/.bin/${name}`;
const CHECKS = [
  { name: 'types', command: bin('tsc'), args: ['-b', 'tsconfig.json'], mend: 'mend the lines above' },
  { name: 'types of tests', command: bin('tsc'), args: ['-p', 'tsconfig.test.json'], mend: 'mend the lines above' },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--tsconfig', 'tsconfig.test.json'], mend: 'node_modules/.bin/oxlint --type-aware --fix mends some' },
  { name: 'imports', command: bin('depcruise'), args: ['--config', '.dependency-cruiser.mjs', 'apps', 'workflows', 'activities', 'libs'], mend: 'the comment of the broken rule in .dependency-cruiser.mjs says why it stands' },
  { name: 'unused', command: bin('knip'), args: [], mend: 'delete what nothing uses, or name its entry in knip.json' },
  { name: 'generated documents', command: process.execPath, args: ['infra/local/docs.mjs', '--check'], mend: 'npm run docs' },
  { name: 'architecture, licences, packages, deployment files', command: bin('vitest'), args: ['run', '--project', 'pure', 'test/architecture'], mend: 'the failing test names the file' },
];

let failed = 0;
for (const { name, command, args, mend } of CHECKS) {
  const begin = Date.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 64 << 20 });
  const seconds = ((Date.now() - begin) / 1000).toFixed(1);
  if (status === 0) {
    console.log(`ok    ${name}  (${seconds} s)${sizes(stdout)}`);
    continue;
  }
  failed += 1;
  console.log(`FAIL  ${name}  (${seconds} s)\n${`${stdout}${stderr}`.trim()}\n      → ${mend}`);
}
console.log(`${CHECKS.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

function sizes(text) {
  const line = /^sizes: .+$/m.exec(text)?.[0];
  return line ? `\n      ${line}` : '';
}
