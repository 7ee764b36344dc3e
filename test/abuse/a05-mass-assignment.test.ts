import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

let db: FreshDatabase;
let gateway: TestGateway;
let aurora: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  await addOrganization(db, 'platform', { kind: 'platform' });
  aurora = await addOrganization(db, 'aurora-labs');
  gateway = await startGateway(db);
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

const rowOf = async () => (await query(db.superuserUrl, 'select * from organizations where org_id = $1', [aurora.id]))[0];

describe('A5: members that nobody may set', () => {
  const raws = [
    ...['role', 'status', 'amount', 'org_id', 'credits', 'kind', 'slug', 'id', 'version', 'policy', 'permissions', 'created_at'].map((name) => JSON.stringify({ name: 'Renamed', [name]: 'active' })),
    '{"name":"Renamed","__proto__":{"status":"active","polluted":true}}',
    '{"name":"Renamed","constructor":{"prototype":{"polluted":true}}}',
    '{"name":"Renamed","prototype":{"polluted":true}}',
    '{"__proto__.polluted":true,"name":"Renamed"}',
    '{"name":{"__proto__":{"polluted":true}}}',
  ];
  test.each(raws)('%s → 400, nothing changed, no prototype touched', async (raw) => {
    const before = await rowOf();
    const { status, json } = await gateway.request('PATCH', '/api/v1/organization', { key: aurora.key, raw, headers: { 'if-match': '*' } });
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-request' });
    expect(json.errors.length).toBeGreaterThan(0);
    expect(await rowOf()).toEqual(before);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
