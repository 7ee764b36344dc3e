import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generatePrivateJwk, Signer } from '#platform/signing/ed25519';
import { keyChangeText } from '../../apps/gateway/src/nodes/change-key.ts';
import { query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, type TestGateway, type TestOrganization } from '../support/gateway.ts';
import { NodeWorld } from '../support/node-world.ts';

let world: NodeWorld;
let db: FreshDatabase;
let gateway: TestGateway;
let owner: TestOrganization;
let customer: TestOrganization;
let operator: TestOrganization;

beforeAll(async () => {
  world = await NodeWorld.start();
  ({ db, gateway, owner, customer, operator } = world);
});
afterAll(() => world.close());

describe('joining (W-12 to W-14)', () => {
  test('an enrolment, a registration, and the same once more: the same node, new tokens', async () => {
    const node = world.node('join-1');
    const token = await node.enrolment();
    const first = await node.register(token);
    expect(first).toMatchObject({ status: 201, json: { heartbeat_s: 5, report_s: 10, key_id: expect.stringMatching(/^nk_[0-9a-f]{16}$/) } });
    const again = await node.register(token);
    expect(again).toMatchObject({ status: 200, json: { node_id: first.json.node_id, key_id: first.json.key_id } });
    expect(again.json.node_token).not.toBe(first.json.node_token);
    Object.assign(node, { id: first.json.node_id, token: first.json.node_token });
    expect((await node.beat()).status).toBe(401); // the first answer's token is dead
    node.token = again.json.node_token;
    expect((await node.beat()).status).toBe(200);
    expect(await node.view()).toMatchObject({ slug: 'join-1', state: 'provisioning', gpus: 1, gpus_free: 1, gpu_model: 'h100-sxm-80', price_micro_usd_per_gpu_hour: '2400000', pue_e4: 10_000, hardware: 'simulated', trust: 0.9 });
  });

  test('tokens are kept as digests only', async () => {
    const node = await world.node('join-digest').join();
    const stored = JSON.stringify([await query(db.superuserUrl, 'select * from node_credentials'), await query(db.superuserUrl, 'select * from node_enrolments')]);
    expect(stored).not.toContain(node.token.slice(8));
  });

  test('another key for the same token is a mismatch; a used token is nobody\'s', async () => {
    const node = world.node('join-2');
    const token = await node.enrolment();
    await node.register(token);
    const stranger = world.node('join-2');
    expect(await stranger.register(token)).toMatchObject({ status: 409, json: { code: 'key-mismatch' } });
    expect(await node.register('wbn_unknown_token_of_some_length')).toMatchObject({ status: 401 });
  });

  test('an expired token is refused', async () => {
    const node = world.node('join-late');
    const token = await node.enrolment();
    await query(db.superuserUrl, `update node_enrolments set expires_at = now() - interval '1 second' where slug = 'join-late'`);
    expect((await node.register(token)).status).toBe(401);
  });

  test('a new enrolment of the owner brings a new key and a new price; its audit event stands', async () => {
    const node = await world.node('join-3').join();
    const id = node.id;
    node.signer = new Signer(generatePrivateJwk());
    await node.join();
    expect(node.id).toBe(id);
    const [event] = await query<any>(db.superuserUrl, `select action from audit_events where target_id = $1 and action = 'node.key.replace'`, [id]);
    expect(event).toBeDefined();
  });

  test.each([
    ['a small-order key', { public_key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url') } }],
    ['a proof of another key', { proof: new Signer(generatePrivateJwk()).sign(Buffer.from('x')) }],
  ])('M-39: %s is 422 key-unacceptable', async (_name, over) => {
    const node = world.node(`join-bad-${randomBytes(3).toString('hex')}`);
    expect(await node.register(await node.enrolment(), over)).toMatchObject({ status: 422, json: { code: 'key-unacceptable' } });
  });

  test('M-39: a key that another node has is refused', async () => {
    const node = await world.node('join-4').join();
    const other = world.node('join-5');
    other.signer = node.signer;
    expect(await other.register(await other.enrolment())).toMatchObject({ status: 422, json: { code: 'key-unacceptable' } });
  });

  test('W-14: the key in force hands over to the next, and old reports still verify', async () => {
    const node = await world.node('join-6').join();
    await node.beat();
    const old = node.make();
    const next = new Signer(generatePrivateJwk());
    const message = keyChangeText(node.id, next.publicJwk.x);
    const change = (signature: string) => node.post('keys', { public_key: next.publicJwk, proof: next.sign(message), signature });
    expect(await change(next.sign(message))).toMatchObject({ status: 409, json: { code: 'key-mismatch' } });
    expect(await change(node.signer.sign(message))).toMatchObject({ status: 200, json: { node_id: node.id } });
    expect(await node.report(old)).toMatchObject([{ status: 'accepted' }]);
    expect(await change(node.signer.sign(message))).toMatchObject({ status: 409 });
  });

  test.each([
    ['GPUs of two kinds', { gpus: [{ uuid: 'a', model: 'x', memory_gb: 1 }, { uuid: 'b', model: 'y', memory_gb: 1 }] }],
    ['an address of another scheme', { address: 'ftp://127.0.0.1' }],
    ['an unknown member', { colour: 'red' }],
  ])('%s is 400', async (_name, over) => {
    const node = world.node('join-400');
    expect((await node.register('wbn_some_token_of_enough_length', over)).status).toBe(400);
  });

  test('a customer\'s key without node.write makes no enrolment, an unknown zone none either', async () => {
    const reader = await addOrganization(db, 'node-reader', { permissions: ['node.read'] });
    const body = { slug: 'x-1', zone: 'FR', kind: 'datacenter', price_micro_usd_per_gpu_hour: '1' };
    expect(await gateway.request('POST', '/api/v1/nodes/enrolments', { key: reader.key, body })).toMatchObject({ status: 403 });
    expect(await gateway.request('POST', '/api/v1/nodes/enrolments', { key: operator.key, body: { ...body, zone: 'XX' } })).toMatchObject({ status: 422, json: { code: 'unknown-zone' } });
    expect(await gateway.request('POST', '/api/v1/nodes/enrolments', { key: operator.key, body })).toMatchObject({ status: 201 });
  });
});

describe('what is shown (W-11)', () => {
  test('the address is the owner\'s and the operator\'s; the list pages by slug', async () => {
    const node = await world.node('shown-1').join();
    const seen = await node.view();
    expect(Object.keys(seen)).not.toContain('address');
    expect(seen.signal).toEqual({ source: null, quality: null });
    expect((await node.view(owner)).address).toBe('http://127.0.0.1:9');
    expect((await node.view(operator)).address).toBe('http://127.0.0.1:9');
    const first = await gateway.request('GET', '/api/v1/nodes?limit=2', { key: customer.key });
    const next = await gateway.request('GET', `/api/v1/nodes?limit=2&cursor=${first.json.next_cursor}`, { key: customer.key });
    const slugs = [...first.json.data, ...next.json.data].map(({ slug }: { slug: string }) => slug);
    expect(slugs).toEqual(slugs.toSorted());
    expect(JSON.stringify(first.json)).not.toMatch(/address|token|public_key/);
    expect(await gateway.request('GET', '/api/v1/nodes/nowhere-1', { key: customer.key })).toMatchObject({ status: 404 });
    expect((await gateway.request('GET', '/api/v1/nodes?zone=FR&state=online', { key: customer.key })).json.data).toEqual([]);
  });

  test('a node\'s token opens its own routes only', async () => {
    const [one, other] = [await world.node('own-1').join(), await world.node('own-2').join()];
    other.token = one.token;
    expect((await other.beat()).status).toBe(401);
    expect((await gateway.request('GET', '/api/v1/nodes', { key: one.token })).status).toBe(401);
  });
});
