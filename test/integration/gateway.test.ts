import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addKey, addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

let db: FreshDatabase;
let gateway: TestGateway;
let platform: TestOrganization;
let aurora: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  platform = await addOrganization(db, 'platform', { kind: 'platform' });
  aurora = await addOrganization(db, 'aurora-labs');
  gateway = await startGateway(db);
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

const PATH = '/api/v1/organization';
const patch = (body: unknown, headers: Record<string, string> = { 'if-match': '*' }) => gateway.request('PATCH', PATH, { key: aurora.key, body, headers });

describe('GET and PATCH /api/v1/organization (W-7, R-9)', () => {
  test('shows the caller\'s own, with an ETag', async () => {
    const { status, headers, json } = await gateway.request('GET', PATH, { key: aurora.key });
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"1"');
    expect(json).toMatchObject({ id: aurora.id, slug: 'aurora-labs', kind: 'customer', home_zone: 'FR', residency: 'any' });
  });

  test('changes under If-Match, with one audit event in the same chain (P-59)', async () => {
    const changed = await patch({ home_zone: 'DE' }, { 'if-match': '"1"' });
    expect(changed).toMatchObject({ status: 200, json: { home_zone: 'DE' } });
    expect(changed.headers.get('etag')).toBe('"2"');
    const events = await query<{ event: any }>(db.superuserUrl, `select event from audit_events where org_id = $1 and action = 'org.update'`, [aurora.id]);
    expect(events).toHaveLength(1);
    expect(events[0]!.event).toMatchObject({ outcome: 'allowed', changes: ['home_zone'], request_id: changed.headers.get('x-request-id'), seq: 1 });
  });

  test('412 with the present ETag for an old version, 428 without one', async () => {
    const stale = await patch({ home_zone: 'FR' }, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, json: { code: 'stale-version' } });
    expect(stale.headers.get('etag')).toBe('"2"');
    expect(await patch({ home_zone: 'FR' }, {})).toMatchObject({ status: 428, json: { code: 'precondition-required' } });
  });
});

describe('strict input (P-4, W-83)', () => {
  test.each([
    ['a missing member', {}, ''],
    ['an unknown member', { colour: 'green' }, '/colour'],
    ['a wrong type', { name: 7 }, '/name'],
    ['an unknown zone', { home_zone: 'MARS' }, '/home_zone'],
  ])('%s is named by its pointer', async (_, body, pointer) => {
    const { status, json } = await patch(body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-request' });
    expect(json.errors.map((error: any) => error.pointer)).toContain(pointer);
  });

  test('all faults at once', async () => {
    const { json } = await patch({ name: '', home_zone: 'MARS', colour: 'green', 'a/b~c': 1 });
    expect(json.errors.map((error: any) => error.pointer).sort()).toEqual(['/a~1b~0c', '/colour', '/home_zone', '/name']);
    for (const error of json.errors) expect(Object.keys(error).sort()).toEqual(['code', 'detail', 'pointer']);
  });

  test.each([
    ['not JSON', '{"name": '], ['nothing', ''], ['a list', '[]'], ['null', 'null'], ['a text', '"x"'], ['1e309', '{"name":1e309}'],
    ['a doubled member', '{"name":"a","name":"b"}'], ['__proto__', '{"__proto__":{"polluted":true},"name":"a"}'],
    ['constructor', '{"constructor":{"prototype":{"polluted":true}},"name":"a"}'], ['text after it', '{"name":"a"}{}'], ['a byte order mark', '\ufeff{"name":"a"}'],
  ])('%s is refused', async (_, raw) => {
    const { status, json } = await gateway.request('PATCH', PATH, { key: aurora.key, raw, headers: { 'if-match': '*' } });
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-request' });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    ['300 KiB', 413, 'payload-too-large', { raw: JSON.stringify({ name: 'x'.repeat(300 * 1024) }) }],
    ['a plain text', 415, 'unsupported-media-type', { raw: '{"name":"a"}', headers: { 'content-type': 'text/plain' } }],
    ['a form', 415, 'unsupported-media-type', { raw: 'name=a', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ])('%s → %d', async (_, status, code, options: { raw: string; headers?: Record<string, string> }) => {
    const answer = await gateway.request('PATCH', PATH, { key: aurora.key, ...options, headers: { 'if-match': '*', ...options.headers } });
    expect(answer).toMatchObject({ status, json: { code } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  test.each(['?x=1', '?a=1&a=2', '?a[]=1', '?%00=1', '?a=%ff'])('the parameters %s are refused where none is known', async (search) => {
    expect(await gateway.request('GET', PATH + search, { key: aurora.key })).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });
});

describe('problems (R-5, O-143)', () => {
  test('an unknown route is a problem with all members', async () => {
    const { status, headers, json } = await gateway.request('GET', '/api/v1/no-such-thing?key=1', { key: aurora.key });
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(json).toEqual({
      type: 'urn:wattbook:problem:not-found', title: 'Not found', status: 404, code: 'not-found', instance: '/api/v1/no-such-thing',
      detail: expect.any(String), request_id: headers.get('x-request-id'),
    });
  });
});

describe('permissions (P-30, P-63)', () => {
  test('without the permission 403, audited before the answer; the body is not even looked at', async () => {
    const { key } = await addKey(db, aurora.id, ['workload.read']);
    const { status, json } = await gateway.request('PATCH', PATH, { key, raw: 'not json at all' });
    expect({ status, code: json.code, permission: json.permission }).toEqual({ status: 403, code: 'permission-denied', permission: 'org.update' });
    const events = await query<{ event: any }>(db.superuserUrl, `select event from audit_events where org_id = $1 and outcome = 'denied'`, [aurora.id]);
    expect(events.map(({ event }) => [event.action, event.request_id])).toEqual([['org.update', json.request_id]]);
  });

  test('the operator\'s key is no key of an organisation', async () => {
    expect(await gateway.request('PATCH', PATH, { key: platform.key, body: { name: 'x' }, headers: { 'if-match': '*' } })).toMatchObject({ status: 403 });
  });
});
