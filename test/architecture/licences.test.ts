import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PRODUCTION = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'Unicode-3.0', 'Python-2.0', 'PostgreSQL', 'Zlib']);
const DEVELOPMENT = new Set([...PRODUCTION, 'MPL-2.0', 'CC-BY-4.0']);
/** Named exceptions, each with its reason (O-106). */
const EXCEPTIONS: Readonly<Record<string, string>> = Object.freeze({
  'caniuse-lite': 'CC-BY-4.0: a table of browsers inside the bundler that Temporal\'s worker uses; nothing of it reaches an answer or a page',
  'fs-monkey': 'Unlicense, a dedication to the public domain: same bundler',
  unionfs: 'Unlicense, a dedication to the public domain: same bundler',
});

interface Entry { license?: string; dev?: boolean; link?: boolean; optional?: boolean }
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> };

/** "(MIT OR Apache-2.0)" is allowed where one of them is; "A AND B" where both are. */
const allowed = (licence: string, list: ReadonlySet<string>): boolean =>
  licence.replaceAll(/[()]/g, '').split(/ OR /).some((choice) => choice.split(/ AND /).every((one) => list.has(one.trim())));

test('O-106: every package has a licence that is allowed where it is used', () => {
  const refused = Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.link)
    .map(([path, { license, dev }]) => ({ name: path.split('node_modules/').at(-1)!, license: license ?? licenceInstalled(path), list: dev ? DEVELOPMENT : PRODUCTION }))
    .filter(({ name, license, list }) => !EXCEPTIONS[name] && !allowed(license, list))
    .map(({ name, license }) => `${name}: ${license || 'unknown'}`);
  expect(refused).toEqual([]);
});

function licenceInstalled(path: string): string {
  try {
    const { license, licenses } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as { license?: string; licenses?: { type: string }[] };
    return license ?? licenses?.map(({ type }) => type).join(' AND ') ?? '';
  } catch {
    return '';
  }
}

test('the rule refuses what it does not know', () => {
  expect(allowed('GPL-3.0', PRODUCTION)).toBe(false);
  expect(allowed('(MIT OR GPL-3.0)', PRODUCTION)).toBe(true);
  expect(allowed('MIT AND GPL-3.0', PRODUCTION)).toBe(false);
  expect(allowed('', PRODUCTION)).toBe(false);
});
