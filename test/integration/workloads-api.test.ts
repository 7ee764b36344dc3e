import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { sampleWorld, type SampleWorld } from '../support/sample-world.ts';

const PATH = '/api/v1/workloads';
const UNKNOWN = '018f0000-0000-7000-8000-000000000000';
/** W-96, in its order. */
const SHOWN = ['id', 'org_id', 'name', 'kind', 'state', 'reason', 'node', 'zone', 'segment', 'fence', 'progress', 'eta', 'deadline', 'policy', 'moves_used', 'max_moves',
  'cost', 'energy', 'carbon', 'budget', 'current_signal', 'last_decision', 'advice', 'hardware', 'labels', 'created_at', 'updated_at', 'receipt_id', 'links'];

const order = (over: object = {}) => ({
  name: 'Mistral fine-tune', kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 }, schedule: { flexible: false }, ...over,
});

let db: FreshDatabase;
let gateway: TestGateway;
let world: SampleWorld;

beforeAll(async () => {
  db = await freshDatabase();
  world = await sampleWorld(db);
  gateway = await startGateway(db, { TEMPORAL_NAMESPACE: await takeNamespace(), GRID_INTERVAL_S: '300' });
});
afterAll(async () => {
  await gateway?.close();
  await db?.close();
});

const as = (slug: string) => world.keys[slug]!;
const post = (body: unknown, { slug = 'aurora-labs', headers = {} }: { slug?: string; headers?: Record<string, string> } = {}) => gateway.request('POST', PATH, { key: as(slug), body, headers });
const get = (path: string, slug = 'aurora-labs') => gateway.request('GET', path, { key: as(slug) });
const count = async () => (await query<{ n: number }>(db.superuserUrl, 'select count(*)::int as n from workloads'))[0]!.n;

if (!inject('temporal')) console.warn('SKIP workloads-api: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('POST /api/v1/workloads (W-81)', () => {
  test('answers 202 with the whole workload, and everything it promised is in the books', async () => {
    const answer = await post(order({ labels: { team: 'acceptance' }, budget: { usd: '900' } }));
    expect(answer.status).toBe(202);
    const { id } = answer.json;
    expect(answer.headers.get('location')).toBe(`${PATH}/${id}`);
    for (const member of SHOWN) expect(answer.json).toHaveProperty(member);
    expect(answer.json).toMatchObject({
      org_id: world.orgs['aurora-labs'], state: 'accepted', node: null, segment: 0, progress: { units_done: 0, units_total: 36_000, percent: 0 },
      cost: { compute_micro_usd: '0', energy_micro_usd: '0', total_micro_usd: '0' }, energy: { energy_mj: '0', grade: null }, labels: { team: 'acceptance' },
      policy: { name: 'balanced', weights: { w_c: '0.6', w_p: '0.3', w_u: '0.1' }, carbon_price_usd_per_tonne: '400' }, budget: { usd: { limit_micro_usd: '900000000', used_micro_usd: '0' } },
    });
    expect(answer.json.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const row = async () => (await query<any>(db.superuserUrl, `select spec, correlation_id from workloads where id = $1`, [id]))[0];
    expect(await row()).toMatchObject({ correlation_id: answer.headers.get('x-correlation-id'), spec: { constraints: { residency: 'EU' }, shed_behaviour: 'move_or_pause' } });
    expect(await query(db.superuserUrl, `select name, data from stream_events where workload_id = $1`, [id])).toEqual([{ name: 'workload.state', data: { workload_id: id, state: 'accepted', reason: null } }]);
    expect(await query(db.superuserUrl, `select action, outcome from audit_events where target_id = $1`, [id])).toEqual([{ action: 'workload.create', outcome: 'allowed' }]);
    // No worker runs here: what is read is still what was answered
    expect((await get(`${PATH}/${id}`)).json).toEqual(answer.json);
  });

  test('takes 1.25 × its estimate from every budget of the organisation, shown by the workload (W-94)', async () => {
    const { json: quoted } = await gateway.request('POST', `${PATH}/quote`, { key: as('cobalt-genomics'), body: order() });
    const { json } = await post(order(), { slug: 'cobalt-genomics' });
    const best = quoted.candidates[0];
    const more = (text: string) => ((BigInt(text) * 5n + 3n) / 4n).toString();
    expect(json.budget).toMatchObject({
      usd: { reserved_micro_usd: more(best.expected_micro_usd) }, kwh: { reserved_mj: more(best.energy_mj) }, co2e_g: { reserved_ng: more(best.expected_ng) },
    });
    const held = await query<{ unit: string; reserved: string }>(db.superuserUrl, `select unit, reserved from budgets where org_id = $1`, [world.orgs['cobalt-genomics']]);
    expect(Object.fromEntries(held.map(({ unit, reserved }) => [unit, reserved]))).toEqual({ usd: more(best.expected_micro_usd), kwh: more(best.energy_mj), co2e_g: more(best.expected_ng) });
  });

  test('the same key is the same answer, for fifty at once and for whoever comes later (W-82)', async () => {
    const headers = { 'idempotency-key': 'fifty-at-once-one-workload' };
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(order({ name: 'fifty' }), { headers })));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(49);
    expect(await count()).toBe(before + 1);
    expect(await post(order({ name: 'other' }), { headers })).toMatchObject({ status: 422, json: { code: 'idempotency-mismatch' } });
    expect((await post(order({ name: 'fifty' }), { slug: 'bluefin-robotics', headers })).json.id).not.toBe(answers[0]!.json.id);
  });

  test('a quote reserves and stores nothing', async () => {
    const books = () => query(db.superuserUrl, `select (select count(*) from workloads) as workloads, (select sum(reserved) from budgets) as reserved, (select sum(gpus_reserved) from nodes) as gpus`);
    const before = await books();
    const { status, json } = await gateway.request('POST', `${PATH}/quote`, { key: as('aurora-labs'), body: order({ resources: { gpu_count: 4, gpu_memory_gb: 80 } }) });
    expect(status).toBe(200);
    expect(json.candidates).toHaveLength(3);
    for (const one of json.candidates) for (const name of ['expected_ng', 'expected_micro_usd', 'energy_mj']) expect(BigInt(one[name]) > 0n).toBe(true);
    // 14 nodes: FR, DE, ES, PT and BE have 80 GB inside the EU; the gamers' cards and the L40S are too small; three are elsewhere.
    expect(Object.values<number>(json.excluded).reduce((a, b) => a + b, 0)).toBe(9);
    expect(await books()).toEqual(before);
  });
});

describe.skipIf(!inject('temporal'))('refused by its meaning, with nothing stored (W-83)', () => {
  test.each([
    ['weights that sum to 0.9', { policy: { w_c: 0.5, w_p: 0.3, w_u: 0.1 } }, 422, 'bad-weights'],
    ['eight gamer cards in one node', { resources: { gpu_model: 'rtx4090-24', gpu_count: 8, gpu_memory_gb: 16 } }, 422, 'no-node-matches'],
    ['192 GB on one card', { resources: { gpu_memory_gb: 192 } }, 422, 'no-node-matches'],
    ['a zone outside the residency', { constraints: { zones: ['GB'], residency: 'EU' } }, 422, 'no-node-matches'],
    ['an unknown zone', { constraints: { zones: ['ATLANTIS'] } }, 422, 'unknown-zone'],
    ['an unknown GPU model', { resources: { gpu_model: 'h900-sxm-1' } }, 422, 'unknown-gpu-model'],
    ['a deadline in two seconds', { schedule: { deadline: new Date(Date.now() + 2_000).toISOString() } }, 422, 'deadline-too-near'],
    ['a deadline that was', { schedule: { deadline: '2020-01-01T00:00:00Z' } }, 422, 'deadline-too-near'],
    ['a budget below any estimate', { budget: { usd: '0.000001' } }, 422, 'budget-too-small'],
    ['grams below any estimate', { budget: { co2e_g: '0.5' } }, 422, 'budget-too-small'],
    ['a schema fault', { kind: 'mining' }, 400, 'invalid-request'],
  ])('%s', async (_, over, status, code) => {
    const before = await count();
    expect(await post(order(over))).toMatchObject({ status, json: { code } });
    expect(await count()).toBe(before);
  });

  test('a refusal is replayed for its key too', async () => {
    const headers = { 'idempotency-key': 'a-refusal-is-an-answer' };
    const [first, again] = [await post(order({ resources: { gpu_memory_gb: 192 } }), { headers }), await post(order({ resources: { gpu_memory_gb: 192 } }), { headers })];
    expect(again).toMatchObject({ status: 422, json: first.json });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('a spent budget is 402 with its figures, and takes nothing from the others', async () => {
    const org = world.orgs['iberia-cloud']!;
    await db.inOrg(org, (em) => rows(em, sql`insert into budgets (org_id, id, name, unit, limit_amount) values
      (${org}, gen_random_uuid(), 'Money', 'usd', 1000000000), (${org}, gen_random_uuid(), 'Grams', 'co2e_g', 1000)`));
    const answer = await post(order(), { slug: 'iberia-cloud' });
    expect(answer).toMatchObject({ status: 402, json: { code: 'budget-exceeded', budget: { name: 'Grams', unit: 'co2e_g', scope: 'org', limit_ng: '1000', used_ng: '0', reserved_ng: '0', remaining_ng: '1000', others: [] } } });
    expect(await query(db.superuserUrl, `select sum(reserved)::text as reserved from budgets where org_id = $1`, [org])).toEqual([{ reserved: '0' }]);
  });
});

describe.skipIf(!inject('temporal'))('lists and parts (W-85, W-88)', () => {
  test('inserts while paging make no older row appear twice or not at all', async () => {
    const wanted: string[] = [];
    for (let i = 0; i < 8; i += 1) wanted.push((await post(order({ name: `page ${i}` }), { slug: 'delta-media' })).json.id);
    const seen: string[] = [];
    const later: string[] = [];
    let cursor: string | null = '';
    do {
      const { json } = await get(`${PATH}?limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, 'delta-media');
      seen.push(...json.data.map(({ id }: { id: string }) => id));
      if (later.length < 4) later.push((await post(order({ name: 'later' }), { slug: 'delta-media' })).json.id);
      cursor = json.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(wanted.toReversed());
  });

  test('a cursor is good for its list, filter and organisation only', async () => {
    const { json } = await get(`${PATH}?limit=1`, 'delta-media');
    const cursor = encodeURIComponent(json.next_cursor);
    expect((await get(`${PATH}?limit=1&cursor=${cursor}`, 'delta-media')).status).toBe(200);
    for (const [path, slug] of [[`${PATH}?limit=1&cursor=${cursor}`, 'aurora-labs'], [`${PATH}?limit=1&state=running&cursor=${cursor}`, 'delta-media'], [`${PATH}?cursor=nonsense`, 'delta-media']] as const)
      expect(await get(path, slug)).toMatchObject({ status: 400, json: { code: 'bad-cursor' } });
  });

  test('every filter narrows, and an unknown one is refused', async () => {
    const { json } = await post(order({ name: 'filtered', kind: 'render', labels: { 'a:b': 'c', team: 'x' } }), { slug: 'delta-media' });
    const ids = async (filter: string) => (await get(`${PATH}?${filter}`, 'delta-media')).json.data.map(({ id }: { id: string }) => id);
    for (const filter of ['kind=render', 'label=team', 'label=team:x', 'state=accepted&kind=render', `created_after=${encodeURIComponent('2020-01-01T00:00:00Z')}&kind=render`])
      expect(await ids(filter)).toEqual([json.id]);
    for (const filter of ['kind=training', 'label=team:y', 'zone=FR', 'node=fr-paris-1', 'state=running', `created_before=${encodeURIComponent('2020-01-01T00:00:00Z')}`])
      expect(await ids(filter)).toEqual([]);
    expect(await get(`${PATH}?colour=green`, 'delta-media')).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });

  test('parts of a workload page like a list', async () => {
    const { json: { id } } = await post(order());
    for (const part of ['segments', 'energy', 'decisions']) expect(await get(`${PATH}/${id}/${part}`)).toMatchObject({ status: 200, json: { data: [], next_cursor: null } });
    expect((await get(`${PATH}/${id}/events/history`)).json.data).toEqual([{ id: expect.stringMatching(/^\d+$/), event: 'workload.state', created_at: expect.any(String), data: { workload_id: id, state: 'accepted', reason: null } }]);
    expect(await get(`${PATH}/${id}/result`)).toMatchObject({ status: 409, json: { code: 'not-ready', state: 'accepted' } });
  });
});

describe.skipIf(!inject('temporal'))('another organisation’s workload is absent (W-84, W-180)', () => {
  const ways = [
    ['GET', ''], ['GET', '/decisions'], ['GET', '/events/history'], ['GET', '/result'], ['GET', '/segments'], ['GET', '/energy'], ['POST', '/cancel', {}], ['POST', '/pause', {}],
    ['POST', '/resume', {}], ['POST', '/reroute', { mode: 'evaluate' }], ['PUT', '/route', {}], ['PATCH', '', { labels: { a: 'b' } }],
  ] as const;
  test.each(ways)('%s …%s', async (method, path, body?: object) => {
    const { json: { id } } = await post(order());
    const ask = (target: string) => gateway.request(method, `${PATH}/${target}${path}`, { key: as('bluefin-robotics'), ...(body && { body }) });
    const [foreign, unknown, noId] = [await ask(id), await ask(UNKNOWN), await ask('x%00')];
    for (const answer of [foreign, unknown, noId]) {
      expect(answer).toMatchObject({ status: 404, json: { code: 'not-found' } });
      expect({ ...answer.json, instance: '', request_id: '' }).toEqual({ ...unknown.json, instance: '', request_id: '' });
    }
  });

  test('nor can its decision be read', async () => {
    const [id, org] = ['019a0000-0000-7000-8000-00000000dec1', world.orgs['aurora-labs']!];
    await db.inOrg(org, (em) => rows(em, sql`insert into decisions (org_id, id, workload_id, kind, outcome, reason, body) values (${org}, ${id}, ${UNKNOWN}, 'place', 'place', 'best', '{"id":"x"}')`));
    expect((await get(`/api/v1/decisions/${id}`)).json).toEqual({ id: 'x' });
    expect(await get(`/api/v1/decisions/${id}`, 'bluefin-robotics')).toMatchObject({ status: 404 });
  });
});
