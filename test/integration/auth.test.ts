import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORG_KEY_PERMISSIONS } from '#domain/permissions/catalogue';
import { Authenticator } from '../../apps/gateway/src/identity/authenticator.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addKey, addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

let db: FreshDatabase;
let gateway: TestGateway;
let second: TestGateway;
let platform: TestOrganization;
let aurora: TestOrganization;
let bluefin: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  platform = await addOrganization(db, 'platform', { kind: 'platform' });
  aurora = await addOrganization(db, 'aurora-labs');
  bluefin = await addOrganization(db, 'bluefin-robotics');
  [gateway, second] = [await startGateway(db), await startGateway(db)];
});
afterAll(async () => {
  await Promise.all([gateway.close(), second.close()]);
  await db.close();
});

const PATH = '/api/v1/organization';
const altered = (key: string) => key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
const withHeaders = (headers: Record<string, string>) => gateway.request('GET', PATH, { headers });
const eventually = async <T>(ask: () => Promise<T>, isIt: (value: T) => boolean, withinMs: number): Promise<number> => {
  const begin = performance.now();
  while (performance.now() - begin < withinMs) if (isIt(await ask())) return performance.now() - begin;
  throw new Error(`not within ${withinMs} ms`);
};

describe('credentials (P-50, P-52, A11)', () => {
  test('are accepted as Bearer, in any case of the scheme, and as X-API-Key, alone and together', async () => {
    for (const headers of [{ authorization: `Bearer ${aurora.key}` }, { authorization: `bearer ${aurora.key}` }, { 'x-api-key': aurora.key }, { authorization: `Bearer ${aurora.key}`, 'x-api-key': aurora.key }])
      expect(await withHeaders(headers as Record<string, string>)).toMatchObject({ status: 200, json: { id: aurora.id } });
  });

  test('whatever is wrong with one, the answer is one body', async () => {
    const { key: expired } = await addKey(db, aurora.id, ['org.read'], '2026-01-01T00:00:00Z');
    const answers = await Promise.all([
      {}, { authorization: 'Bearer garbage' }, { authorization: `Bearer wb_test_${'0'.repeat(12)}_${'1'.repeat(49)}` }, { authorization: `Bearer ${altered(aurora.key)}` }, { authorization: aurora.key },
      { authorization: `Basic ${btoa(`${aurora.key}:`)}` }, { authorization: 'Bearer ' }, { 'x-api-key': '' }, { authorization: `Bearer ${expired}` }, { authorization: `Bearer ${aurora.key}`, 'x-api-key': bluefin.key },
      { authorization: `Bearer ${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa('{"sub":"x"}').replaceAll('=', '')}.` },
    ].map((headers) => withHeaders(headers as Record<string, string>)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(new Set(answers.map(({ json }) => JSON.stringify({ ...json, request_id: undefined }))).size).toBe(1);
    expect(answers[0]!.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('nothing of an unauthenticated request is read: a body that would be 413 or 415 is 401', async () => {
    expect(await gateway.request('PATCH', PATH, { raw: 'x'.repeat(300_000), headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 401 });
  });

  test('a test key opens nothing in production (P-50)', async () => {
    const production = await startGateway(db, { WATTBOOK_MODE: 'production' });
    try {
      expect(await production.request('GET', PATH, { key: aurora.key })).toMatchObject({ status: 401 });
      for (const path of ['/demo/simulate/grid_cycle', '/openapi.json', '/metrics', '/readyz', '/healthz']) expect(await production.request('GET', path, { key: aurora.key })).toMatchObject({ status: 404 });
    } finally {
      await production.close();
    }
  });

  test('401s stand in the platform\'s audit chain within 2 s (P-63)', async () => {
    const { json } = await gateway.request('GET', PATH, {});
    const find = () => query(db.superuserUrl, `select event from audit_events where org_id = $1 and event ->> 'request_id' = $2 and outcome = 'denied'`, [platform.id, json.request_id]);
    await eventually(find, (rows) => rows.length === 1, 2_000);
  });
});

describe('revocation (P-54, P-55, R-10)', () => {
  test('binds on another gateway at once, is repeated without a second event, and lists show it', async () => {
    const { key, keyRow } = await addKey(db, aurora.id, ORG_KEY_PERMISSIONS);
    for (const one of [gateway, second]) expect(await one.request('GET', PATH, { key })).toMatchObject({ status: 200 });
    expect(await gateway.request('DELETE', `/api/v1/api-keys/${keyRow}`, { key: aurora.key })).toMatchObject({ status: 204, text: '' });
    await eventually(() => second.request('GET', PATH, { key }), ({ status }) => status === 401, 2_500);
    expect(await gateway.request('DELETE', `/api/v1/api-keys/${keyRow}`, { key: aurora.key })).toMatchObject({ status: 204 });
    expect(await query(db.superuserUrl, `select 1 from audit_events where target_id = $1 and action = 'apikey.revoke'`, [keyRow])).toHaveLength(1);
    expect(await gateway.request('GET', `/api/v1/api-keys/${keyRow}`, { key: aurora.key })).toMatchObject({ status: 200, json: { status: 'revoked', prefix: 'wb_test_' } });
  });

  test('another organisation\'s key is absent, in every form of address (P-9)', async () => {
    const foreign = await gateway.request('DELETE', `/api/v1/api-keys/${aurora.keyRow}`, { key: bluefin.key });
    const unknown = await gateway.request('DELETE', '/api/v1/api-keys/018f0000-0000-7000-8000-000000000000', { key: bluefin.key });
    const nonsense = await gateway.request('DELETE', '/api/v1/api-keys/no-such-key', { key: bluefin.key });
    const bodies = [foreign, unknown, nonsense].map(({ json }) => ({ ...json, request_id: undefined, instance: undefined }));
    expect(bodies[0]).toMatchObject({ status: 404, code: 'not-found' });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
    expect(await gateway.request('GET', PATH, { key: aurora.key })).toMatchObject({ status: 200 });
  });

  test('no list and no read shows a secret or a digest', async () => {
    const { json, text } = await gateway.request('GET', '/api/v1/api-keys', { key: aurora.key });
    expect(Object.keys(json.data[0]).sort()).toEqual(['created_at', 'expires_at', 'id', 'key_id', 'last_used_at', 'name', 'prefix', 'revoked_at', 'scopes', 'status']);
    expect(text).not.toContain(aurora.key.slice(21, 64));
  });
});

describe('a key in an address (P-52)', () => {
  test('is quarantined and audited, and the answer does not repeat it', async () => {
    const { key, keyRow } = await addKey(db, aurora.id, ORG_KEY_PERMISSIONS);
    const { status, json, text } = await gateway.request('GET', `${PATH}?api_key=${key}`, { key: aurora.key });
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'credential-in-url' });
    expect(text).not.toContain(key);
    expect(await gateway.request('GET', PATH, { key })).toMatchObject({ status: 401 });
    expect(await query(db.superuserUrl, `select 1 from audit_events where target_id = $1 and action = 'apikey.exposed' and org_id = $2`, [keyRow, aurora.id])).toHaveLength(1);
  });

  test('in the path too, and percent-encoded; a made-up one changes nothing', async () => {
    const { key } = await addKey(db, aurora.id, ORG_KEY_PERMISSIONS);
    const { json, text } = await gateway.request('GET', `/api/v1/${key.replaceAll('_', '%5f')}`);
    expect(json.code).toBe('credential-in-url');
    expect(text).not.toContain(key.slice(21, 64));
    expect(await gateway.request('GET', `${PATH}?k=${altered(key)}`)).toMatchObject({ status: 400, json: { code: 'credential-in-url' } });
  });
});

describe('use of a key (P-51)', () => {
  test('shows in last_used_at, written in one go', async () => {
    const { key, keyRow } = await addKey(db, aurora.id, ORG_KEY_PERMISSIONS);
    const authenticator = new Authenticator(db, { production: false, stalenessMs: 5_000 });
    await authenticator.start(() => ({ close: async () => undefined }));
    for (let i = 0; i < 3; i += 1) await authenticator.authenticate(key);
    await authenticator.noteUse();
    await authenticator.onApplicationShutdown();
    const { json } = await gateway.request('GET', `/api/v1/api-keys/${keyRow}`, { key: aurora.key });
    expect(Date.now() - Date.parse(json.last_used_at)).toBeLessThan(10_000);
  });
});

describe('suspension (P-19)', () => {
  test('an organisation that is suspended can be read and not changed', async () => {
    const suspended = await addOrganization(db, 'suspended-org');
    expect(await gateway.request('GET', PATH, { key: suspended.key })).toMatchObject({ status: 200 });
    await query(db.superuserUrl, `update organizations set status = 'suspended' where org_id = $1`, [suspended.id]);
    const change = () => gateway.request('PATCH', PATH, { key: suspended.key, body: { name: 'x' }, headers: { 'if-match': '*' } });
    await eventually(change, ({ status }) => status === 403, 2_500);
    expect(await change()).toMatchObject({ json: { code: 'org-suspended' } });
    expect(await gateway.request('GET', PATH, { key: suspended.key })).toMatchObject({ status: 200, json: { status: 'suspended' } });
  });
});

describe('the credential decides, not the request (P-8, A2)', () => {
  test.each(['x-org-id', 'x-tenant-id', 'openai-organization', 'openai-project'])('%s changes nothing', async (name) => {
    expect(await gateway.request('GET', PATH, { key: bluefin.key, headers: { [name]: aurora.id } })).toMatchObject({ json: { id: bluefin.id } });
  });

  test('org_id in body or query is refused', async () => {
    expect(await gateway.request('GET', `${PATH}?org_id=${aurora.id}`, { key: bluefin.key })).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    expect(await gateway.request('PATCH', PATH, { key: bluefin.key, body: { name: 'x', org_id: aurora.id }, headers: { 'if-match': '*' } })).toMatchObject({ status: 400 });
  });
});
