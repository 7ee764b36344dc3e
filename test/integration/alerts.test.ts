import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { raiseAlert, resolveAlert, type NewAlert } from '#platform/alerts/raise';
import { concernedByZone, raiseForEach, resolveForEach } from '#platform/alerts/concerned';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';
import { addNodes, addWork, addZones } from '../support/zone-with-work.ts';

const ALERT: NewAlert = { kind: 'grid.shed', title: 'France must shed load', body: 'Nothing new is placed there.', zone: 'FR', subject: 'shed-20261121T120000Z', dedupKey: 'grid-event/FR/shed' };

let db: FreshDatabase;
let gateway: TestGateway;
let a: TestOrganization;
let b: TestOrganization;
let operator: TestOrganization;
let owner: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  [a, b] = [await addOrganization(db, 'org-a'), await addOrganization(db, 'org-b')];
  operator = await addOrganization(db, 'platform', { kind: 'platform' });
  owner = await addOrganization(db, 'owner', { kind: 'owner_datacenter' });
  await addZones(db);
  gateway = await startGateway(db);
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

const raise = (org: TestOrganization, over: Partial<NewAlert> = {}) => db.inOrg(org.id, (em) => raiseAlert(em, org.id, { ...ALERT, ...over }));
const list = async (org: TestOrganization, filters = '') => (await gateway.request('GET', `/api/v1/alerts${filters}`, { key: org.key })).json;

describe('alerts (W-111, W-112)', () => {
  test('the same fact again counts the open alert up; after it is resolved a new one opens', async () => {
    const key = 'node.silent/n1';
    for (let i = 0; i < 3; i += 1) await raise(a, { kind: 'node.silent', dedupKey: key });
    const { data: open } = await list(a, '?kind=node.silent');
    expect(open).toMatchObject([{ kind: 'node.silent', severity: 'warning', state: 'firing', count: 3, resolved_at: null, dedup_key: key, deliveries: [] }]);
    await db.inOrg(a.id, (em) => resolveAlert(em, a.id, key));
    await db.inOrg(a.id, (em) => resolveAlert(em, a.id, key));
    await raise(a, { kind: 'node.silent', dedupKey: key });
    const { data } = await list(a, '?kind=node.silent');
    expect(data.map(({ state, count }: { state: string; count: number }) => `${state} ${count}`)).toEqual(['firing 1', 'resolved 3']);
  });

  test('raised at once by many it is one row', async () => {
    await Promise.all(Array.from({ length: 20 }, () => raise(a, { dedupKey: 'race' })));
    const rows = await query<{ count: number }>(db.superuserUrl, `select count from alerts where dedup_key = 'race'`);
    expect(rows).toEqual([{ count: 20 }]);
  });

  test('each change is an event on the organisation\'s own stream, committed with the alert', async () => {
    await expect(db.inOrg(b.id, async (em) => {
      await raiseAlert(em, b.id, { ...ALERT, dedupKey: 'rolled back' });
      throw new Error('the fact did not happen');
    })).rejects.toThrow('the fact did not happen');
    expect(await query(db.superuserUrl, 'select from stream_events where org_id = $1', [b.id])).toEqual([]);
    await raise(b, { dedupKey: 'told' });
    await db.inOrg(b.id, (em) => resolveAlert(em, b.id, 'told'));
    const told = await query<{ name: string; data: { state: string } }>(db.superuserUrl, 'select name, data from stream_events where org_id = $1 order by id', [b.id]);
    expect(told.map(({ name, data }) => `${name} ${data.state}`)).toEqual(['alert firing', 'alert resolved']);
  });

  test('title and body are cut to what a row holds', async () => {
    await raise(a, { dedupKey: 'long', title: 't'.repeat(500), body: 'b'.repeat(5_000) });
    const { data } = await list(a, '?limit=200');
    const long = data.find((alert: { dedup_key: string }) => alert.dedup_key === 'long');
    expect([long.title.length, long.body.length]).toEqual([120, 1_000]);
  });

  test('a zone concerns the operator, the owners of its nodes and who has work there, nobody else; each hears once', async () => {
    const [node] = await addNodes(db, owner.id, 'FR', 1);
    await addWork(db, { orgId: a.id, nodeId: node! });
    const concerned = await db.inSystem((em) => concernedByZone(em, 'FR'));
    expect(concerned.sort()).toEqual([a.id, operator.id, owner.id].sort());
    await db.inSystem((em, actAs) => raiseForEach(em, actAs, concerned, ALERT));
    for (const org of [a, operator, owner]) expect((await list(org, '?kind=grid.shed&zone=FR')).data.some((alert: { dedup_key: string }) => alert.dedup_key === ALERT.dedupKey)).toBe(true);
    expect((await list(b, '?kind=grid.shed&zone=FR&state=firing')).data).toEqual([]);
    await db.inSystem((em, actAs) => resolveForEach(em, actAs, concerned, ALERT.dedupKey));
    expect(await query(db.superuserUrl, `select distinct state from alerts where dedup_key = $1`, [ALERT.dedupKey])).toEqual([{ state: 'resolved' }]);
  });
});

describe('GET /api/v1/alerts and acknowledge', () => {
  test('pages newest first, without loss or repetition', async () => {
    for (let n = 0; n < 7; n += 1) await raise(operator, { dedupKey: `page ${n}` });
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await list(operator, `?limit=3&state=firing${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      seen.push(...page.data.map((alert: { dedup_key: string }) => alert.dedup_key));
      cursor = page.next_cursor ?? '';
    } while (cursor);
    expect(seen.filter((key) => key.startsWith('page'))).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `page ${n}`));
  });

  test('acknowledging is once an audit event, and the same answer again; resolved has nothing to acknowledge', async () => {
    await raise(a, { dedupKey: 'seen' });
    const { id } = (await list(a, '?limit=1')).data[0];
    const acknowledge = () => gateway.request('POST', `/api/v1/alerts/${id}/acknowledge`, { key: a.key, body: {} });
    const first = await acknowledge();
    expect(first).toMatchObject({ status: 200, json: { id, state: 'acknowledged' } });
    expect((await acknowledge()).json).toEqual(first.json);
    expect(await query(db.superuserUrl, `select target_id from audit_events where action = 'alert.acknowledge'`)).toEqual([{ target_id: id }]);
    await db.inOrg(a.id, (em) => resolveAlert(em, a.id, 'seen'));
    expect(await acknowledge()).toMatchObject({ status: 409, json: { code: 'invalid-transition', state: 'resolved', allowed: [] } });
  });

  test('another organisation\'s alert, an unknown one and no id at all are one answer', async () => {
    await raise(b, { dedupKey: 'theirs' });
    const { id } = (await list(b, '?limit=1')).data[0];
    const answers = await Promise.all([id, '019a0000-0000-7000-8000-000000000999', 'nonsense'].map((one) => gateway.request('POST', `/api/v1/alerts/${one}/acknowledge`, { key: a.key, body: {} })));
    expect(answers.map(({ status, json }) => [status, json.code, json.detail])).toEqual(answers.map(() => [404, 'not-found', answers[0]!.json.detail]));
    expect(await query(db.superuserUrl, `select state from alerts where dedup_key = 'theirs'`)).toEqual([{ state: 'firing' }]);
  });

  test.each([['?state=open'], ['?kind=grid.unknown'], ['?sort=asc'], ['?limit=0'], ['?limit=201']])('%s is refused', async (filters) => {
    expect(await gateway.request('GET', `/api/v1/alerts${filters}`, { key: a.key })).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });

  test('without the permission there is nothing to see', async () => {
    const blind = await addOrganization(db, 'blind', { permissions: ['org.read'] });
    expect((await gateway.request('GET', '/api/v1/alerts', { key: blind.key })).status).toBe(403);
    expect((await gateway.request('GET', '/api/v1/alerts')).status).toBe(401);
  });
});
