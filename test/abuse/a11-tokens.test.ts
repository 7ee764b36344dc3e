import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addKey, addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

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

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const claims = (more: object = {}) => ({ sub: 'api', org: aurora.id, aud: 'wattbook-api', iss: 'wattbook', exp: Math.floor(Date.now() / 1_000) + 600, ...more });
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const publicPem = publicKey.export({ type: 'spki', format: 'pem' });

function token(header: object, payload: object, signed: (text: string) => Buffer = () => Buffer.alloc(0)): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${signed(text).toString('base64url')}`;
}
const ed25519 = (text: string) => sign(null, Buffer.from(text), privateKey);
const hs256 = (text: string) => createHmac('sha256', publicPem).update(text).digest();

describe('A11: tokens that somebody made up let nobody in', () => {
  const jwk = publicKey.export({ format: 'jwk' });
  test.each([
    ['alg none', () => token({ alg: 'none', typ: 'at+jwt' }, claims())],
    ['alg None', () => token({ alg: 'None' }, claims())],
    ['key confusion: HMAC under the public key', () => token({ alg: 'HS256', typ: 'at+jwt' }, claims(), hs256)],
    ['its own jwk', () => token({ alg: 'EdDSA', jwk }, claims(), ed25519)],
    ['a jku', () => token({ alg: 'EdDSA', jku: 'http://127.0.0.1:1/keys.json', kid: 'a' }, claims(), ed25519)],
    ['a kid that is a path', () => token({ alg: 'EdDSA', kid: '../../../../etc/passwd' }, claims(), ed25519)],
    ['no aud', () => token({ alg: 'EdDSA', typ: 'at+jwt' }, claims({ aud: undefined }), ed25519)],
    ['expired a second ago', () => token({ alg: 'EdDSA', typ: 'at+jwt' }, claims({ exp: Math.floor(Date.now() / 1_000) - 1 }), ed25519)],
    ['an ID token', () => token({ alg: 'EdDSA', typ: 'JWT' }, claims({ nonce: 'n' }), ed25519)],
  ])('%s → 401', async (_, make) => {
    for (const headers of [{ authorization: `Bearer ${make()}` }, { 'x-api-key': make() }] as Record<string, string>[])
      expect(await gateway.request('GET', '/api/v1/organization', { headers })).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
  });
});

describe('keys that are nearly keys', () => {
  test.each([
    ['another prefix', (key: string) => key.replace('wb_test_', 'wb_live_')],
    ['another case of the scheme word in the key', (key: string) => key.replace('wb_', 'WB_')],
    ['a space at the end', (key: string) => `${key}%20`],
    ['twice', (key: string) => key + key],
    ['its id alone', (key: string) => key.slice(0, 20)],
    ['its id with another\'s secret', (key: string) => key.slice(0, 21) + 'A'.repeat(49)],
  ])('%s → 401', async (_, change) => {
    expect(await gateway.request('GET', '/api/v1/organization', { headers: { authorization: `Bearer ${change(aurora.key)}` } })).toMatchObject({ status: 401 });
  });

  test('expired by a moment, quarantined, revoked', async () => {
    const { key: expired } = await addKey(db, aurora.id, ['org.read'], new Date(Date.now() - 1).toISOString());
    expect(await gateway.request('GET', '/api/v1/organization', { key: expired })).toMatchObject({ status: 401 });
    for (const status of ['quarantined', 'revoked', 'expired']) {
      const { key, keyRow } = await addKey(db, aurora.id, ['org.read']);
      await query(db.superuserUrl, 'update api_keys set status = $1 where id = $2', [status, keyRow]);
      expect(await gateway.request('GET', '/api/v1/organization', { key })).toMatchObject({ status: 401 });
    }
  });

  test('a row that somebody copied from another organisation does not match its digest', async () => {
    const { key } = await addKey(db, aurora.id, ['org.read']);
    await query(db.superuserUrl, `update api_keys set digest = sha256('another') where key_id = $1`, [key.slice(8, 20)]);
    expect(await gateway.request('GET', '/api/v1/organization', { key })).toMatchObject({ status: 401 });
  });
});
