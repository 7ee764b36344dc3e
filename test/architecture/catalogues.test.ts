import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { REFUSALS } from '#domain/energy-report/refusals';
import { PROBLEMS } from '#domain/errors/codes';
import { isPermission, OPERATOR_KEY_PERMISSIONS, ORG_KEY_PERMISSIONS } from '#domain/permissions/catalogue';
import { GRANTS } from '#platform/db/grants';
import { TABLES } from '#platform/db/tables';
import { METRICS } from '#platform/telemetry/metrics.catalogue';
import { SEARCH_ATTRIBUTES } from '#platform/temporal/search-attributes';
import { sources } from './sources.ts';

const files = sources();
const product = files.filter(({ isTest, path }) => !isTest && path.endsWith('.ts'));
const textOf = (path: string): string => readFileSync(path, 'utf8');
const used = (name: string, except: string): boolean => product.some(({ path, text }) => path !== except && text.includes(`'${name}'`));

interface Operation {
  readonly operationId: string;
  readonly 'x-permission'?: string;
}
const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);
const document = JSON.parse(textOf('docs/openapi.json')) as { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas?: Record<string, object> } };
const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).filter(([method]) => METHODS.has(method)).map(([method, operation]) => ({ name: `${method} ${path}`, path, ...operation })));

describe('the OpenAPI document', () => {
  test('P-29: every operation says who may call it, in a word of the catalogue', () => {
    expect(operations.length).toBeGreaterThan(20);
    expect(operations.filter(({ 'x-permission': permission = '' }) => !isPermission(permission) && permission !== 'self' && permission !== 'public').map(({ name }) => name)).toEqual([]);
  });

  test('P-29: what anybody may call is for machines that show another credential, and nothing else', () => {
    const open = operations.filter(({ 'x-permission': permission }) => permission === 'public').map(({ path }) => path);
    expect(open.filter((path) => !/^\/api\/v1\/nodes\/(register$|\{id\}\/(heartbeat|energy-reports|keys)$)/.test(path))).toEqual([]);
  });

  test('every reference inside it leads somewhere, and no operation has another one’s name', () => {
    const schemas = new Set(Object.keys(document.components.schemas ?? {}));
    const references = [...textOf('docs/openapi.json').matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
    expect(references.filter((name) => !schemas.has(name))).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });
});

describe('codes (O-143)', () => {
  test.each(Object.entries(PROBLEMS))('%s is kebab-case, an error, and says what happened', (code, [status, title]) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].{5,80}[^.]$/);
  });

  test('no code stands in the catalogue that nothing answers with', () => {
    expect(Object.keys(PROBLEMS).filter((code) => !used(code, 'libs/domain/errors/codes.ts'))).toEqual([]);
  });

  test('R-5: refusals of the node protocol are snake_case, each with the next step', () => {
    for (const [code, text] of Object.entries(REFUSALS)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(text).toMatch(/\.$/);
    }
  });
});

describe('permissions (P-31, P-33)', () => {
  test('every permission that a route asks for can be held by some key', () => {
    const held = new Set<string>([...ORG_KEY_PERMISSIONS, ...OPERATOR_KEY_PERMISSIONS, 'public', 'self']);
    expect(operations.filter(({ 'x-permission': permission }) => !held.has(permission!)).map(({ name }) => name)).toEqual([]);
  });
});

describe('metrics (O-40, O-41)', () => {
  test.each(Object.entries(METRICS))('%s: prefix, unit in the name, a sentence, labels without ids', (name, { kind, help, labels }) => {
    expect(name).toMatch(/^wattbook_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/_(ms|us|kb|mb|mj|pct)$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect(labels.filter((label) => /org|user|key|workflow|request|workload|_id$/.test(label))).toEqual([]);
  });

  test('each is set somewhere, and no instrument is made beside the catalogue', () => {
    expect(Object.keys(METRICS).filter((name) => !used(name, 'libs/platform/telemetry/metrics.catalogue.ts'))).toEqual([]);
    expect(product.filter(({ text, path }) => /from 'prom-client'/.test(text) && !/^(libs\/platform\/telemetry\/metrics|apps\/node-agent\/src\/metrics)\.ts$/.test(path)).map(({ path }) => path)).toEqual([]);
  });
});

describe('tables (O-84, O-85)', () => {
  const migrations = files.filter(({ path }) => path.startsWith('libs/platform/db/migrations/')).map(({ text }) => text.split('\n-- down')[0]!);
  const made = migrations.flatMap((text) => [...text.matchAll(/^create table (\w+)/gm)].map(([, name]) => name!));

  test('every table has its kind, and every kind its table', () => expect(Object.keys(TABLES).toSorted()).toEqual(made.toSorted()));

  test('the app role has its grant on every table, and deletes from none that holds a customer’s history', () => {
    expect(Object.keys(GRANTS.wattbook_app).toSorted()).toEqual(made.toSorted());
    expect(Object.entries(GRANTS.wattbook_app).filter(([, may]) => may.includes('delete')).map(([name]) => TABLES[name])).not.toContain('tenant');
  });
});

describe('search attributes (O-67, R-14)', () => {
  test('four, and the same four wherever they are made or set', () => {
    expect(SEARCH_ATTRIBUTES).toEqual(['OrgId', 'Zone', 'WorkloadState', 'BillingPeriod']);
    const inWorkflows = [...textOf('workflows/common/attributes.messages.ts').matchAll(/defineSearchAttributeKey\('(\w+)', SearchAttributeType\.KEYWORD\)/g)].map(([, name]) => name);
    expect(inWorkflows).toEqual([...SEARCH_ATTRIBUTES]);
    expect(textOf('infra/local/parts/temporal-server.mjs')).toContain(SEARCH_ATTRIBUTES.map((name) => `'${name}'`).join(', '));
    expect(textOf('infra/docker/temporal-namespace.sh')).toContain(`for name in ${SEARCH_ATTRIBUTES.join(' ')}`);
  });
});

describe('workflows (O-55, R-13)', () => {
  const registered = [...textOf('workflows/registry.ts').matchAll(/export \{ (\w+) \} from '\.\/([\w/]+)\.workflow\.ts'/g)].map(([, type, path]) => ({ type: type!, path: `workflows/${path}.workflow.ts` }));

  test('every workflow file is in the registry', () => {
    expect(registered.map(({ path }) => path).toSorted()).toEqual(product.filter(({ path }) => path.endsWith('.workflow.ts')).map(({ path }) => path).toSorted());
  });

  test.each(registered)('$type says how it is versioned, what it guarantees and what ends it', ({ type, path }) => {
    const text = textOf(path);
    expect(text).toMatch(new RegExp(`setWorkflowOptions\\(.*(PINNED|AUTO_UPGRADE).*\\b${type}\\)`));
    expect(text).toMatch(/^\/\*\*[\s\S]*?Guarantees:[\s\S]*?Ends:[\s\S]*?\*\//);
  });
});
