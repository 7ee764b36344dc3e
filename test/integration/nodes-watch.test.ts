import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidv7 } from '#platform/ids/uuidv7';
import { NodeCallError } from '#platform/nodes/agent-client';
import { FleetWatch } from '#platform/nodes/fleet-watch';
import { rewardCleanDays } from '#platform/nodes/node-state.sql';
import { silentLogger } from '#platform/telemetry/logger';
import { query, type FreshDatabase } from '../support/database.ts';
import type { TestOrganization } from '../support/gateway.ts';
import { NodeWorld, second, type TestNode } from '../support/node-world.ts';

let world: NodeWorld;
let db: FreshDatabase;
let owner: TestOrganization;

beforeAll(async () => {
  world = await NodeWorld.start();
  ({ db, owner } = world);
});
afterAll(() => world.close());

describe('the watch (table before W-30)', () => {
  const changes: string[] = [];
  const answers = new Map<string, 'ok' | 'away'>();
  let watch: FleetWatch;
  beforeAll(() => {
    watch = new FleetWatch({
      database: db, log: silentLogger, onChange: async (id, state) => void changes.push(`${id} ${state}`),
      agents: { health: async (id) => { if (answers.get(id) === 'away') throw new NodeCallError('node_unreachable', id, 'away'); return { status: 'ok', meter: 'ok' } as never; } },
    });
    (watch as unknown as { beganAt: number }).beganAt -= 3_600_000; // as one that has watched for an hour
  });
  const past = (node: TestNode, column: string, seconds: number) => query(db.superuserUrl, `update node_runtime set ${column} = now() - make_interval(secs => $2) where node_id = $1`, [node.id, seconds]);
  /** Looks until the answers of this look are in. */
  const look = async () => {
    (watch as unknown as { asked: Map<string, number> }).asked.clear();
    await watch.tick();
    await watch.close();
    await watch.tick();
    await watch.close();
  };

  test('registered → online → silent → offline → back after three beats; each is told once', async () => {
    const node = await world.node('watched-1').join();
    await look();
    expect((await node.view()).state).toBe('provisioning');
    await node.beat();
    node.at = second(Date.now()) - 10_000;
    await node.report(node.make());
    await look();
    expect((await node.view()).state).toBe('online');
    await past(node, 'last_heartbeat_at', 16);
    answers.set(node.id, 'away');
    await look();
    expect((await node.view()).state).toBe('silent');
    await past(node, 'last_heartbeat_at', 61);
    await past(node, 'last_health_at', 61);
    await look();
    expect((await node.view()).state).toBe('offline');
    answers.delete(node.id);
    for (const expected of ['offline', 'offline', 'online']) {
      await node.beat();
      await look();
      expect((await node.view()).state).toBe(expected);
    }
    expect(changes.filter((line) => line.startsWith(node.id))).toEqual([`${node.id} online`, `${node.id} silent`, `${node.id} offline`, `${node.id} online`]);
    const events = await query<any>(db.superuserUrl, `select data from public_stream_events where name = 'node.state' and data ->> 'id' = $1 order by id`, [node.id]);
    expect(events.map(({ data }) => data.state)).toEqual(['provisioning', 'online', 'silent', 'offline', 'online']);
    const alerts = await query<any>(db.superuserUrl, `select kind, state, count from alerts where subject = $1 and org_id = $2 order by kind`, [node.id, owner.id]);
    expect(alerts).toEqual([{ kind: 'node.offline', state: 'resolved', count: 1 }, { kind: 'node.silent', state: 'resolved', count: 1 }]);
  });

  test('a node whose owner plays drains; three strikes are quarantine', async () => {
    const node = await world.node('watched-2').join();
    await node.beat({ availability: 'owner_in_use' });
    node.at = second(Date.now()) - 10_000;
    await node.report(node.make());
    await look();
    expect((await node.view()).state).toBe('draining');
    await node.beat();
    await look();
    expect((await node.view()).state).toBe('online');
    for (let i = 0; i < 3; i += 1) await node.report(node.make([{ jobId: `${uuidv7()}.1`, fence: 1, work: 1n }], { interval_start: new Date(Date.now() + 1_000).toISOString(), interval_end: new Date(Date.now() + 2_000).toISOString() }));
    await look();
    expect(await node.view()).toMatchObject({ state: 'quarantined', trust: 0.6 });
  });

  test('a watch that has only begun holds no old silence against a node', async () => {
    const node = await world.node('watched-3').join();
    await node.beat();
    node.at = second(Date.now()) - 10_000;
    await node.report(node.make());
    await look();
    await past(node, 'last_heartbeat_at', 600);
    const fresh = new FleetWatch({ database: db, log: silentLogger, onChange: async () => undefined, agents: { health: async () => ({ status: 'ok', meter: 'ok' }) as never } });
    await fresh.tick();
    await fresh.close();
    expect((await node.view()).state).toBe('online');
  });

  test('W-31: 24 clean hours add 0.02 to trust, once a day, never beyond 1', async () => {
    const node = await world.node('watched-4').join();
    const rewarded = async () => {
      await db.inSystem(rewardCleanDays);
      return (await node.view()).trust;
    };
    expect(await rewarded()).toBe(0.9);
    await query(db.superuserUrl, `update nodes set created_at = now() - interval '25 hours' where id = $1`, [node.id]);
    expect([await rewarded(), await rewarded()]).toEqual([0.92, 0.92]);
    await query(db.superuserUrl, `update node_runtime set strikes = jsonb_build_array(jsonb_build_object('code', 'over_physical', 'at', now() - interval '23 hours')) where node_id = $1`, [node.id]);
    expect(await rewarded()).toBe(0.92);
    await query(db.superuserUrl, `update node_runtime set strikes = '[]' where node_id = $1`, [node.id]);
    await query(db.superuserUrl, `update nodes set trust_e3 = 995 where id = $1`, [node.id]);
    expect(await rewarded()).toBe(1);
  });
});
