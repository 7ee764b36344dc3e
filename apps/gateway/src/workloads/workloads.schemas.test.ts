import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '#platform/errors/problem';
import { invalidBySchema } from '../http/validation.ts';
import { AmendWorkload, CreateWorkload, ListWorkloads, RerouteWorkload } from './workloads.schemas.ts';

const good = { name: 'Mistral fine-tune', kind: 'fine_tune', work: { h100_seconds: 14_400 } };

/** Pointers of everything that the schema finds, as a customer reads them. */
function faults(body: unknown, schema: { safeParse(input: unknown): { success: boolean; error?: { issues: readonly object[] } } } = CreateWorkload): string[] {
  const read = schema.safeParse(body);
  if (read.success) return [];
  const problem: Problem = invalidBySchema(read.error!.issues);
  return (problem.members['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort();
}

test('what is left out takes the default of W-81', () => {
  expect(CreateWorkload.parse(good)).toEqual({
    ...good,
    resources: { gpu_count: 1, gpu_memory_gb: 16 },
    checkpoint: { supported: true, size_gb: 20, interval_s: 300 },
    schedule: { hard_deadline: false, flexible: true },
    constraints: {}, shed_behaviour: 'move_or_pause', retries: 1, labels: {}, verify: false,
  });
});

describe('limits of W-81: the last value inside, the first outside', () => {
  const at = (path: string, value: unknown) => path.split('/').slice(1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
  const merged = (path: string, value: unknown) => {
    const [, top] = path.split('/');
    const extra = at(path, value) as Record<string, unknown>;
    const base = (good as Record<string, unknown>)[top!];
    return { ...good, ...(typeof base === 'object' ? { [top!]: { ...base, ...(extra[top!] as object) } } : extra) };
  };
  test.each([
    ['/name', 'x'.repeat(120), 'x'.repeat(121)],
    ['/name', 'x', ''],
    ['/name', 'Ünï ✓ 東京', 'a\u0007b'],
    ['/name', 'a b', 'a\u0000b'],
    ['/name', '😀', '\ud83d'],
    ['/kind', 'render', 'mining'],
    ['/resources/gpu_count', 8, 9],
    ['/resources/gpu_count', 1, 0],
    ['/resources/gpu_count', 2, 1.5],
    ['/resources/gpu_count', 2, '2'],
    ['/resources/gpu_memory_gb', 192, 193],
    ['/work/h100_seconds', 31_536_000, 31_536_001],
    ['/work/h100_seconds', 1, 0],
    ['/checkpoint/size_gb', 2_000, 2_001],
    ['/checkpoint/size_gb', 0, -1],
    ['/checkpoint/interval_s', 30, 29],
    ['/checkpoint/interval_s', 3_600, 3_601],
    ['/schedule/deadline', '2026-11-22T12:00:00Z', 'tomorrow'],
    ['/schedule/deadline', '2026-11-22T12:00:00.5+01:00', '2026-11-22'],
    ['/schedule/flexible', false, 'no'],
    ['/constraints/zones', ['FR'], 'FR'],
    ['/constraints/zones', ['FR'], []],
    ['/constraints/residency', 'UK', 'MARS'],
    ['/constraints/owner_kinds', ['owner_gamer'], ['gamer']],
    ['/constraints/max_micro_usd_per_gpu_hour', '2400000', '2400000.5'],
    ['/constraints/max_price_usd_per_mwh', '-12.5', '1e9'],
    ['/constraints/max_intensity_g_per_kwh', 56.6, 'clean'],
    ['/constraints/min_trust', 0.85, 1.001],
    ['/shed_behaviour', 'continue', 'ignore'],
    ['/budget/usd', '1.000001', '1.0000001'],
    ['/budget/usd', 0.1, 0],
    ['/budget/usd', '5', '-5'],
    ['/budget/kwh', '0.00000001', '0.000000001'],
    ['/budget/co2e_g', '0.000000001', '0'],
    ['/budget/on_exhausted', 'stop', 'borrow'],
    ['/retries', 5, 6],
    ['/retries', 0, -1],
    ['/labels/team', 'x'.repeat(255), 'x'.repeat(256)],
    ['/labels/team', '', 7],
    ['/verify', true, 'true'],
    ['/policy', 'carbon', 'greenest'],
  ])('%s', (path, inside, outside) => {
    expect(faults(merged(path, inside))).toEqual([]);
    const named = faults(merged(path, outside));
    expect(named.length).toBeGreaterThan(0);
    for (const pointer of named) expect(pointer === path || pointer.startsWith(`${path}/`)).toBe(true);
  });

  test('a list may be as long as its limit and no longer', () => {
    const program = (more: object) => ({ ...good, program: { image: 'registry.example/app:1', ...more } });
    const pairs = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 'v']));
    expect(faults(program({ command: Array(64).fill('x'), env: pairs(64), secret_refs: Array(16).fill('vault/x') }))).toEqual([]);
    expect(faults(program({ command: Array(65).fill('x'), env: pairs(65), secret_refs: Array(17).fill('vault/x') }))).toEqual(['/program/command', '/program/env', '/program/secret_refs']);
    expect(faults(program({ command: ['x'.repeat(1_025)] }))).toEqual(['/program/command/0']);
    expect(faults({ ...good, labels: pairs(32) })).toEqual([]);
    expect(faults({ ...good, labels: pairs(33) })).toEqual(['/labels']);
    expect(faults({ ...good, labels: { ['k'.repeat(64)]: 'v' } })).toEqual([`/labels/${'k'.repeat(64)}`]);
  });
});

test('all faults are named at once, wherever they stand', () => {
  expect(faults({ name: '', kind: 'mining', colour: 'green', resources: { gpu_count: 9, tpu: 1 }, work: {}, schedule: { deadline: 'soon' } })).toEqual(
    ['/colour', '/kind', '/name', '/resources/gpu_count', '/resources/tpu', '/schedule/deadline', '/work/h100_seconds']);
  expect(faults({})).toEqual(['/kind', '/name', '/work']);
});

test.each([
  ['AWS_SECRET_ACCESS_KEY', 'x'], ['DB_PASSWORD', 'x'], ['GITHUB_TOKEN', 'x'], ['api-key', 'x'],
  ['CONFIG', '-----BEGIN RSA PRIVATE KEY-----'], ['KEY_ID', 'AKIAABCDEFGHIJKLMNOP'], ['X', 'wb_live_0123'], ['DSN', 'postgres://me:pw@db/x'],
])('a credential in the environment is refused and named: %s=%s', (name, value) => {
  expect(faults({ ...good, program: { image: 'a', env: { [name]: value } } })).toEqual([`/program/env/${name}`]);
});

test.each([['TOKENIZERS_PARALLELISM', 'false'], ['SECRETARY', 'Ada'], ['MAX_TOKENS', '4096'], ['BASE_URL', 'https://data.example/x']])('an ordinary variable passes: %s', (name, value) => {
  expect(faults({ ...good, program: { image: 'a', env: { [name]: value } } })).toEqual([]);
});

test('an address may not carry a password', () => {
  expect(faults({ ...good, program: { image: 'a', input_uri: 's3://bucket/in', output_uri: 'https://me:pw@host/x' } })).toEqual(['/program/output_uri']);
});

test('weights pass the schema whatever they sum to; their meaning is judged later', () => {
  expect(faults({ ...good, policy: { w_c: 1.5, w_p: -0.5, w_u: 0 } })).toEqual([]);
  expect(faults({ ...good, policy: { w_c: 0.5, w_p: 0.5 } })).toEqual(['/policy/w_u']);
});

test('an amendment takes budget and labels, null to remove, and nothing else', () => {
  expect(faults({ budget: { usd: '1234.5', kwh: null }, labels: { team: 'blue', old: null } }, AmendWorkload)).toEqual([]);
  expect(faults({ name: 'other', budget: { usd: '0' } }, AmendWorkload)).toEqual(['/budget/usd', '/name']);
});

test('a reroute is forced unless it says otherwise', () => {
  expect(RerouteWorkload.parse({})).toEqual({ mode: 'force' });
  expect(faults({ mode: 'gently' }, RerouteWorkload)).toEqual(['/mode']);
});

test('a list takes its own filters only', () => {
  expect(ListWorkloads.parse({ state: 'running', limit: '3' })).toMatchObject({ state: 'running', limit: 3 });
  expect(ListWorkloads.parse({})).toMatchObject({ limit: 50 });
  for (const bad of [{ limit: '0' }, { limit: '201' }, { colour: 'green' }, { state: 'sleeping' }, { org_id: 'x' }, { created_after: 'monday' }]) expect(faults(bad, ListWorkloads)).toHaveLength(1);
});

test('no text breaks the schema: it answers, and what it lets through has no NUL', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
    const read = CreateWorkload.safeParse({ ...good, name });
    if (read.success) expect(read.data.name).not.toMatch(/[\0\p{Cs}]/u);
  }));
});
