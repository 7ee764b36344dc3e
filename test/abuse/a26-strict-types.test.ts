import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
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

/** Exactly these bytes: no client library mends the address. */
function raw(target: string, headers: string[] = []): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write([`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', `Authorization: Bearer ${aurora.key}`, ...headers, '', ''].join('\r\n')));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('end', () => resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]), body: text.slice(text.indexOf('\r\n\r\n') + 4) }));
    socket.on('error', reject);
  });
}

describe('A26: strict types and addresses', () => {
  test.each([
    '/api/v1/api-keys?limit=1&limit=2', '/api/v1/api-keys?limit[]=1', '/api/v1/api-keys?limit=1%00', '/api/v1/api-keys?limit=%31%', '/api/v1/api-keys?limit=+1', '/api/v1/api-keys?limit=0x10',
    '/api/v1/api-keys?cursor=', '/api/v1/api-keys?__proto__=1', '/api/v1/api-keys?%5f_proto__[x]=1', '/api/v1/api-keys?limit=1;limit=2',
  ])('%s → 400', async (target) => expect(await raw(target)).toMatchObject({ status: 400 }));

  test.each(['/api/v1/api-keys/%00', '/api/v1/api-keys/..%2f..%2forganization', '/api/v1/api-keys/%252e%252e', "/api/v1/api-keys/'%20or%201=1", '/api/v1/organization%2f', '/api/v1//organization'])('%s is nobody\'s', async (target) => {
    expect(await raw(target)).toMatchObject({ status: 404 });
  });

  test('an address that is not UTF-8 is 400 and a problem', async () => {
    const { status, body } = await raw('/api/v1/api-keys/%ff');
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ code: 'invalid-request' });
  });

  test.each(['x-http-method-override', 'x-method-override', 'x-http-method'])('%s has no effect', async (name) => {
    expect(await gateway.request('GET', '/api/v1/organization', { key: aurora.key, headers: { [name]: 'DELETE' } })).toMatchObject({ status: 200 });
    expect(await gateway.request('POST', '/api/v1/organization', { key: aurora.key, body: {}, headers: { [name]: 'PATCH' } })).toMatchObject({ status: 404 });
  });

  test('members of another type are refused, whatever could be made of them', async () => {
    for (const name of [['x'], { toString: 'x' }, 7, true, null])
      expect(await gateway.request('PATCH', '/api/v1/organization', { key: aurora.key, body: { name }, headers: { 'if-match': '*' } })).toMatchObject({ status: 400, json: { errors: [{ pointer: '/name' }] } });
  });

  test('a thousand odd bodies: never a 5xx, always a problem (P-15, O-128)', async () => {
    const odd = ['', ' ', '\u0000', '\u202e', '"', "'", '\\', '${7*7}', '../..', '%00', '😀', 'ｆｕｌｌ', '1e309', '-0', 'null', '<script>', "'; drop table organizations; --", 'a'.repeat(1_000)];
    let seed = 20_261_121;
    const random = (n: number) => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) >>> 8) % n;
    const value = (): unknown => [odd[random(odd.length)], random(10), null, true, [odd[random(odd.length)]], { [odd[random(odd.length)]!]: 1 }][random(6)];
    for (let batch = 0; batch < 20; batch += 1)
      await Promise.all(Array.from({ length: 50 }, async () => {
        const body = Object.fromEntries(Array.from({ length: 1 + random(3) }, () => [['name', 'home_zone', 'residency', odd[random(odd.length)]!][random(4)]!, value()]));
        const { status, json } = await gateway.request('PATCH', '/api/v1/organization', { key: aurora.key, body, headers: { 'if-match': '"0"' } });
        expect([400, 412]).toContain(status);
        expect(json).toMatchObject({ code: expect.any(String), request_id: expect.any(String) });
      }));
  });
});
