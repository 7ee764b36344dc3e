import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../libs/platform/config/load.ts';
import { sources } from './sources.ts';

const DOMAINS = ['workflows', 'libs/domain', 'libs/platform', 'activities'].flatMap((room) =>
  readdirSync(room, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(room, name)));
const text = (path: string): string => readFileSync(path, 'utf8');
const readmeOf = (folder: string): string => (existsSync(join(folder, 'README.md')) ? text(join(folder, 'README.md')) : '');
const inCode = (page: string): string[] => [...page.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);

describe('O-139: each domain folder says what it is', () => {
  test.each(DOMAINS)('%s has a README of at most 60 lines that says what it owns and what not', (folder) => {
    const page = readmeOf(folder);
    expect(page, `${folder}/README.md is missing: write what it owns, what it does not, its invariants`).not.toBe('');
    expect(page.split('\n').length - 1).toBeLessThanOrEqual(60);
    expect(page).toMatch(/\bOwns\b/);
    expect(page).toMatch(/\bDoes not own\b/);
  });

  test.each(DOMAINS)('%s: each file, folder and test that it names exists', (folder) => {
    const named = inCode(readmeOf(folder)).filter((code) => !code.includes('{') && !code.includes('<') && !code.includes('…'));
    const missing = named.filter((code) => {
      if (code.startsWith('#')) return !existsSync(atHome(code)) && !existsSync(`${atHome(code)}.ts`);
      if (/^[\w./*-]+\.(ts|mjs|sql|md|csv)$/.test(code)) return [code, `${folder}/${code}`, `${folder}/*/${code}`, `test/*/${code}`].every((pattern) => globSync(pattern).length === 0);
      return /^(test|infra|docs|apps|libs|workflows|activities)\/[\w/*.-]+$/.test(code) && globSync(code).length === 0;
    });
    expect(missing).toEqual([]);
  });

  test.each(DOMAINS.filter((folder) => /\*\*Tests\*\* beside/.test(readmeOf(folder))))('%s has the tests beside its files that it speaks of', (folder) => {
    expect(globSync(`${folder}/**/*.test.ts`)).not.toEqual([]);
  });
});

const atHome = (code: string): string => code.replace(/^#(domain|platform)/, 'libs/$1').replace(/^#/, '');

describe('O-139: a workflow’s README can be worked from', () => {
  const folders = DOMAINS.filter((folder) => folder.startsWith('workflows/'));

  test.each(folders)('%s speaks of states, messages, keys, time-outs, failures and tests', (folder) => {
    const page = readmeOf(folder).toLowerCase();
    expect(['states', 'messages', 'business key', 'timeouts', 'what can go wrong', 'tests'].filter((word) => !page.includes(word) && !page.includes(word.replace('timeouts', 'time-outs')))).toEqual([]);
  });

  test.each(folders)('%s names every workflow and every message that it has', (folder) => {
    const files = readdirSync(folder);
    const names = files.filter((name) => name.endsWith('.messages.ts')).flatMap((name) => messagesOf(text(join(folder, name))));
    const said = readmeOf(folder);
    expect([...files.filter((name) => name.endsWith('.workflow.ts')), ...names].filter((name) => !new RegExp(`\\b${name.replace('.', '\\.')}\\b`).test(said))).toEqual([]);
  });
});

/** Every message of the product, and what is called like one. */
const messagesOf = (source: string): string[] => [...source.matchAll(/define(?:Signal|Update|Query)(?:<[\s\S]*?>)?\('(\w+)'\)/g)].map(([, name]) => name!);

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/*.md'), ...globSync('infra/**/*.md'), ...globSync('apps/*/README.md'), ...DOMAINS.map((folder) => `${folder}/README.md`)].filter((path) => existsSync(path));
const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
/** `npm start`, `stop` and `test` are scripts too; other bare words after npm are its own. */
const scriptsNamed = (page: string): string[] => [...page.matchAll(/\bnpm (?:run (?:-s )?([a-z]\w*(?:[:-]\w+)*)|(start|stop|test)\b)/g)].map(([, run, bare]) => (run ?? bare)!);

describe('O-136, O-140: what pages tell people to do can be done', () => {
  test.each(PAGES)('%s: its scripts exist', (path) => {
    expect(scriptsNamed(text(path)).filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test.each(PAGES)('%s: its links lead somewhere', (path) => {
    const links = [...text(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });

  test.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'infra/local/README.md'].filter((path) => existsSync(path)))('%s: the paths that it names exist', (path) => {
    const paths = inCode(text(path)).filter((code) => !code.includes('YYYY') && /^(?:apps|workflows|activities|libs|infra|docs|test)\/[\w/.*-]*$/.test(code));
    expect(paths.filter((code) => globSync(code).length === 0)).toEqual([]);
  });

  test('O-143: no message sends anybody to a script that does not exist', () => {
    const wrong = sources(/\.(ts|mjs)$/).filter(({ path }) => path !== 'test/architecture/readmes.test.ts')
      .flatMap(({ path, text: source }) => scriptsNamed(source).filter((name) => scripts[name] === undefined).map((name) => `${path}: npm run ${name}`));
    expect(wrong).toEqual([]);
  });

  test('help says a line about every script', () => {
    const says = text('infra/local/help.mjs');
    expect(Object.keys(scripts).filter((name) => !new RegExp(`^  '?${name}'?: '`, 'm').test(says))).toEqual([]);
  });
});

describe('README.md', () => {
  const page = text('README.md');
  const loaded = loadConfig({});
  const config = loaded.ok ? loaded.value : undefined;

  test('O-8: the addresses that it names are the defaults of the configuration', () => {
    const said = /Addresses: ([\s\S]*?)\n\n?Each has a variable|Addresses: ([\s\S]*?)\./.exec(page)?.[0] ?? '';
    const ports = [config?.port, config?.opsPort, config?.workerOpsPort, config?.codecPort, config?.nodePortBase, config?.pgPort, config?.temporalPort, config?.temporalUiPort];
    expect([...said.matchAll(/\b\d{4}\b/g)].map(([port]) => Number(port))).toEqual(ports);
    expect([...page.matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port)).filter((port) => port !== config?.port)).toEqual([]);
  });

  test('every route of its commands is in the OpenAPI document', () => {
    const { paths } = JSON.parse(text('docs/openapi.json')) as { paths: Record<string, object> };
    const routes = [...page.matchAll(/curl\s([^\n]*?)http:\/\/127\.0\.0\.1:\d+(\/\S*?)['"]?\s/g)].map(([, flags, path]) => ({ path: path!.replace(/\/ID\b/, '/{id}'), method: /-X (\w+)/.exec(flags!)?.[1]?.toLowerCase() ?? 'get' }));
    expect(routes.length).toBeGreaterThan(0);
    expect(routes.filter(({ path, method }) => !Object.hasOwn(paths[path] ?? {}, method))).toEqual([]);
  });

  test('every folder of its table exists', () => {
    const folders = [...page.matchAll(/^\| `([a-z]+(?:\/[a-z]+)*)\/(?:<[^`]*)?` \|/gm)].map(([, folder]) => folder!);
    expect(folders.length).toBeGreaterThan(4);
    expect(folders.filter((folder) => !existsSync(folder) || !statSync(folder).isDirectory())).toEqual([]);
  });
});
