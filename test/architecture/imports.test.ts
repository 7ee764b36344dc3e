import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Asked as the command line asks it: `npm run check` and this test give one answer. */
function violations(paths: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...paths], { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (!stdout.startsWith('{')) throw new Error(stderr || stdout);
  const { summary, modules } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string; to: string }[] }; modules: unknown[] };
  expect(modules.length).toBeGreaterThan(0);
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

test('who may import whom (design § 3)', () => {
  expect(violations(['apps', 'workflows', 'activities', 'libs'])).toEqual([]);
}, 60_000);

test('the table bites: a room that it forbids is named', () => {
  const folder = 'libs/domain/planted-for-the-import-test';
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(`${folder}/bad.ts`, "import { uuidv7 } from '#platform/ids/uuidv7';\nimport { readFileSync } from 'node:fs';\nexport const bad = [uuidv7, readFileSync];\n");
    const found = violations([folder]);
    expect(found.map((line) => line.split(':')[0])).toContain('domain-is-pure');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
