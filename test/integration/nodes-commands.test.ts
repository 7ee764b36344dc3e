import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageToSign } from '#domain/energy-report/report';
import { FleetWatch } from '#platform/nodes/fleet-watch';
import { silentLogger } from '#platform/telemetry/logger';
import { query } from '../support/database.ts';
import { addOrganization, type TestOrganization } from '../support/gateway.ts';
import { NodeWorld, second, type TestNode } from '../support/node-world.ts';

let world: NodeWorld;
let watch: FleetWatch;
let stranger: TestOrganization;

beforeAll(async () => {
  world = await NodeWorld.start();
  stranger = await addOrganization(world.db, 'other-owner', { kind: 'owner_gamer' });
  watch = new FleetWatch({ database: world.db, log: silentLogger, onChange: async () => {}, agents: { health: async () => ({ status: 'ok', meter: 'ok' }) as never } });
});
afterAll(() => world.close());

const look = async () => {
  for (let i = 0; i < 2; i += 1) {
    (watch as unknown as { asked: Map<string, number> }).asked.clear();
    await watch.tick();
    await watch.close();
  }
};
const command = (node: TestNode, what: string, org: TestOrganization = world.owner) => world.gateway.request('POST', `/api/v1/nodes/${node.slug}/${what}`, { key: org.key });
const actions = async (node: TestNode) => (await query<any>(world.db.superuserUrl, 'select action from audit_events where target_id = $1 and outcome = $2', [node.id, 'allowed'])).map(({ action }) => action);
const reserve = (node: TestNode, gpus: number) => query(world.db.superuserUrl, 'update nodes set gpus_reserved = $2 where id = $1', [node.id, gpus]);

async function online(slug: string): Promise<TestNode> {
  const node = await world.node(slug).join();
  await node.beat();
  node.at = second(Date.now()) - 30_000;
  await node.report(node.make());
  await look();
  expect((await node.view()).state).toBe('online');
  return node;
}

describe('what people decide of a node (table before W-30)', () => {
  test('drained and set to serve again; its heartbeat says so, and each leaves an audit event', async () => {
    const node = await online('steer-1');
    expect(await command(node, 'drain')).toMatchObject({ status: 200, json: { id: node.id, slug: 'steer-1', state: 'draining', desired: 'drain' } });
    expect((await node.beat()).json.desired).toBe('drain');
    await look();
    expect((await node.view()).state).toBe('draining');
    expect(await command(node, 'serve')).toMatchObject({ status: 200, json: { desired: 'serve' } });
    expect((await node.beat()).json.desired).toBe('serve');
    await look();
    expect((await node.view()).state).toBe('online');
    expect(await actions(node)).toEqual(expect.arrayContaining(['node.drain', 'node.serve']));
  });

  test('retired is final and drained first: with work it drains, and once that has left it is retired', async () => {
    const node = await online('steer-2');
    await reserve(node, 1);
    expect(await command(node, 'retire')).toMatchObject({ status: 200, json: { state: 'draining', desired: 'stop' } });
    await look();
    expect((await node.view()).state).toBe('draining');
    await reserve(node, 0);
    await look();
    expect((await node.view()).state).toBe('retired');
    expect(await command(node, 'retire')).toMatchObject({ status: 200, json: { state: 'retired' } });
    for (const what of ['drain', 'serve', 'lift-quarantine']) expect(await command(node, what, world.operator)).toMatchObject({ status: 409, json: { code: 'invalid-transition', state: 'retired' } });
    const again = { slug: 'steer-2', zone: 'FR', kind: 'datacenter', price_micro_usd_per_gpu_hour: '1' };
    expect(await world.gateway.request('POST', '/api/v1/nodes/enrolments', { key: world.owner.key, body: again })).toMatchObject({ status: 409, json: { code: 'invalid-transition' } });
  });

  test('an empty node is retired at once', async () => {
    const node = await online('steer-3');
    expect(await command(node, 'retire', world.operator)).toMatchObject({ status: 200, json: { state: 'retired' } });
    expect(await actions(node)).toContain('node.retire');
  });

  test('a quarantine is lifted by the operator alone; the old strikes do not bring it back', async () => {
    const node = await online('steer-4');
    const sent = node.make();
    await node.report(sent);
    const { signature: _, ...bare } = { ...sent.report, nonce: randomBytes(16).toString('base64url') };
    await node.report({ report: { ...bare, signature: node.signer.sign(messageToSign(bare)) }, openings: [] });
    expect((await node.view()).state).toBe('quarantined');
    expect(await command(node, 'lift-quarantine')).toMatchObject({ status: 403, json: { code: 'permission-denied' } });
    expect(await command(node, 'lift-quarantine', world.operator)).toMatchObject({ status: 200, json: { state: 'provisioning' } });
    await node.beat();
    await look();
    expect((await node.view()).state).toBe('online');
    expect(await command(node, 'lift-quarantine', world.operator)).toMatchObject({ status: 409, json: { state: 'online' } });
  });

  test.each(['drain', 'serve', 'retire'])('%s is the owner\'s with node.write and the operator\'s; nobody else\'s', async (what) => {
    const node = await world.node(`steer-by-${what}`).join();
    expect(await command(node, what, stranger)).toMatchObject({ status: 403 });
    expect(await command(node, what, world.customer)).toMatchObject({ status: 403 });
    const reader = await addOrganization(world.db, `reader-${what}`, { permissions: ['node.read'] });
    expect(await command(node, what, reader)).toMatchObject({ status: 403, json: { permission: 'node.write' } });
    expect(await world.gateway.request('POST', `/api/v1/nodes/nowhere/${what}`, { key: world.operator.key })).toMatchObject({ status: 404 });
    expect(await command(node, what, world.operator)).toMatchObject({ status: 200 });
    expect((await actions(node)).filter((action) => action === `node.${what}`)).toHaveLength(1);
  });
});
