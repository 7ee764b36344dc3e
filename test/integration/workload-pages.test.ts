import { MockActivityEnvironment } from '@temporalio/testing';
import canonicalize from 'canonicalize';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitPage, type Committed } from '#activities/workloads/decide';
import { loadFleet, type Fleet } from '#activities/workloads/fleet';
import { releaseExpired } from '#activities/workloads/reservations.sql';
import { createReview } from '#activities/workloads/review';
import { loadPage, type SystemTx, type Work } from '#activities/workloads/work.sql';
import { fleetSha256 } from '#domain/routing/inputs';
import { answerShed } from '#domain/routing/leave';
import { place } from '#domain/routing/place';
import { sha256Hex } from '#platform/signing/sha256';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addNodes, addOrg, addWork, addZones, constantViews, openEvent } from '../support/zone-with-work.ts';

const ROUTING = { zoneViews: constantViews({ FR: 60, PT: 160, DE: 400 }), intervalMs: 60_000, nodeSecondsPerSecond: 12, codeVersion: 'test' };

describe('a page of decisions in one transaction', () => {
  let db: FreshDatabase;
  let orgs: string[];
  let nodes: Record<'FR' | 'PT' | 'DE', string>;
  beforeEach(async () => {
    db = await freshDatabase();
    await addZones(db);
    const owner = await addOrg(db, 'owner-of-nodes', 'owner_datacenter');
    const nodeIn = async (zone: string) => (await addNodes(db, owner, zone, 1))[0]!;
    nodes = { FR: await nodeIn('FR'), PT: await nodeIn('PT'), DE: await nodeIn('DE') };
    orgs = [await addOrg(db, 'customer-a'), await addOrg(db, 'customer-b')];
  });
  afterEach(() => db.close());

  /** Of two organisations in turn. */
  const works = async (count: number, nodeId?: string) => {
    const made: { workload_id: string; org_id: string }[] = [];
    for (let n = 0; n < count; n += 1) {
      const org_id = orgs[n % 2]!;
      made.push({ org_id, workload_id: await addWork(db, { orgId: org_id, ...(nodeId ? { nodeId } : { state: 'queued' as const }) }) });
    }
    return made;
  };
  const inPage = async (page: readonly { workload_id: string; org_id: string }[], decide: (tx: SystemTx, fleet: Fleet, found: Work[]) => Promise<Committed[]>) =>
    db.inSystem(async (em, actAs) => decide({ em, actAs }, await loadFleet(em, ROUTING), await loadPage({ em, actAs }, page)));
  const placed = (tx: SystemTx, fleet: Fleet, found: Work[]) =>
    commitPage(tx, fleet, found.map((work) => ({ work, decide: (input) => place({ ...input, mayWait: false, waiting: false }), options: { trigger: 'test' } })));
  const moved = (tx: SystemTx, fleet: Fleet, found: Work[]) =>
    commitPage(tx, fleet, found.map((work) => ({ work, decide: (input) => answerShed({ ...input, cause: 'shed', counts: true }), options: { trigger: 'test' } })));
  const zonesOf = (committed: readonly Committed[]) => committed.map(({ outcome, target }) => target?.zone ?? outcome);
  /** Every count is what is held, and no node gives more than it has. */
  const wrongCounts = () => query(db.superuserUrl, 'select slug from nodes n where gpus_reserved > gpus or gpus_reserved <> (select coalesce(sum(gpus), 0) from reservations r where r.node_id = n.id)');
  const waiting = async () => (await query(db.superuserUrl, `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length;
  const asSuperuser = (text: string, ...values: unknown[]) => query<Record<string, unknown>>(db.superuserUrl, text, values);

  test('each sees what those before it took; all is stored under its own organisation, and heard in order', async () => {
    const page = await works(10);
    const committed = await inPage(page, placed);
    expect(zonesOf(committed)).toEqual([...Array.from({ length: 8 }, () => 'FR'), 'PT', 'PT']);
    expect(await wrongCounts()).toEqual([]);
    const stored = await asSuperuser('select d.workload_id, d.org_id, d.id = w.last_decision_id as last, d.winner_node_id = w.node_id as there, w.state from decisions d join workloads w on w.id = d.workload_id order by d.workload_id');
    expect(stored).toEqual(page.toSorted((a, b) => (a.workload_id < b.workload_id ? -1 : 1)).map((one) => ({ ...one, last: true, there: true, state: 'placing' })));
    const heard = await asSuperuser('select name, org_id from stream_events where workload_id = $1 order by id', page[3]!.workload_id);
    expect(heard).toEqual(['workload.decision', 'workload.state', 'workload.placed'].map((name) => ({ name, org_id: page[3]!.org_id })));
  });

  test('who loses the race for a node decides again with the count that the winner left (W-65)', async () => {
    const page = await works(5);
    const committed = await inPage(page, async (tx, fleet, found) => {
      await asSuperuser('update nodes set gpus_reserved = 6 where id = $1', nodes.FR);
      return placed(tx, fleet, found);
    });
    expect(zonesOf(committed)).toEqual(['FR', 'FR', 'PT', 'PT', 'PT']);
    expect(await asSuperuser('select gpus_reserved from nodes where id = $1', nodes.FR)).toEqual([{ gpus_reserved: 8 }]);
    expect(await asSuperuser(`select count(*)::int as n, bool_and(body -> 'winner' ->> 'node' = slug) as same from decisions join nodes on nodes.id = winner_node_id`)).toEqual([{ n: 5, same: true }]);
  });

  test('a node that went away meanwhile is taken by nobody, and neither is a zone that sheds (W-102)', async () => {
    const page = await works(2);
    const committed = await inPage(page, async (tx, fleet, found) => {
      await asSuperuser(`update nodes set state = 'draining' where id = $1`, nodes.FR);
      await openEvent(db, 'PT', 'shed');
      return placed(tx, fleet, found);
    });
    expect(zonesOf(committed)).toEqual(['DE', 'DE']);
    expect(await wrongCounts()).toEqual([]);
  });

  test('who was moved on or ended meanwhile keeps nothing: no decision, no segment, no GPU', async () => {
    const page = await works(3, nodes.DE);
    const committed = await inPage(page, async (tx, fleet, found) => {
      await asSuperuser(`update workloads set state = 'paused' where id = $1`, page[1]!.workload_id);
      return moved(tx, fleet, found);
    });
    expect(zonesOf(committed)).toEqual(['FR', 'overtaken', 'FR']);
    expect(committed[1]).toMatchObject({ decisionId: null, reason: 'overtaken' });
    expect(await asSuperuser('select (select count(*)::int from decisions where workload_id = $1) as decisions, (select count(*)::int from segments where workload_id = $1) as segments', page[1]!.workload_id)).toEqual([{ decisions: 0, segments: 1 }]);
    expect(await wrongCounts()).toEqual([]);
  });

  test('W-77: the fleet is hashed once, to what it is by hand, and anew after a count', async () => {
    await db.inSystem(async (em) => {
      const fleet = await loadFleet(em, ROUTING);
      const [one] = fleet.nodes();
      const hashes = [];
      for (const reserved of [0, 5]) {
        fleet.count(one!.slug, reserved);
        const snapshot = await fleet.snapshot('average_lifecycle');
        expect(await fleet.snapshot('average_lifecycle')).toBe(snapshot);
        expect(snapshot.sha256()).toBe(fleetSha256(snapshot, (value) => sha256Hex(canonicalize(value)!)));
        hashes.push(snapshot.sha256());
      }
      expect(hashes[0]).not.toBe(hashes[1]);
    });
  });

  test('what expired is given back to the count as it is by then, also where somebody takes from it in the same moment', async () => {
    await works(3, nodes.DE);
    await asSuperuser(`update reservations set expires_at = now() - interval '1 second'`);
    const other = new pg.Client({ connectionString: db.superuserUrl });
    await other.connect();
    try {
      await other.query('begin');
      await other.query('update nodes set gpus_reserved = gpus_reserved + 2 where id = $1', [nodes.DE]);
      const released = db.inSystem((em) => releaseExpired(em));
      await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      await other.query('commit');
      await released;
    } finally {
      await other.end();
    }
    expect(await asSuperuser('select gpus_reserved from nodes where id = $1', nodes.DE)).toEqual([{ gpus_reserved: 2 }]);
  });

  test('the review waits for work that is being changed and never holds what that work needs: no deadlock', async () => {
    const [work] = await works(1, nodes.DE);
    const other = new pg.Client({ connectionString: db.superuserUrl });
    await other.connect();
    try {
      await other.query('begin');
      await other.query('select from workloads where id = $1 for update', [work!.workload_id]);
      const review = new MockActivityEnvironment().run(createReview({ database: db, routing: ROUTING, temporal: { workflow: { getHandle: () => ({ signal: async () => {} }) } } } as never), { zone: 'DE', intervalStart: '2026-01-01T00:00:00Z' });
      await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      // Changes its row of the directory by the trigger.
      await other.query(`update workloads set reason = 'other' where id = $1`, [work!.workload_id]);
      await other.query('commit');
      expect(await review).toMatchObject({ reviewed: 1 });
    } finally {
      await other.end();
    }
    expect(await asSuperuser('select reason, last_reviewed_interval is not null as reviewed from workload_directory')).toEqual([{ reason: 'other', reviewed: true }]);
  });

  test('an interval is reviewed once; keeps of the same source hour are counted (W-68)', async () => {
    const page = await works(4, nodes.FR);
    const review = (hour: number) => new MockActivityEnvironment().run(createReview({ database: db, routing: ROUTING, temporal: null } as never), { zone: 'FR', intervalStart: new Date(Date.UTC(2026, 0, 1, hour)).toISOString() });
    expect([await review(0), await review(0), await review(1)]).toEqual([{ reviewed: 4, moves: 0 }, { reviewed: 0, moves: 0 }, { reviewed: 4, moves: 0 }]);
    expect(await asSuperuser('select count(*)::int as n, count(distinct workload_id)::int as works from decisions')).toEqual([{ n: 4, works: 4 }]);
    expect(await asSuperuser('select keeps from workload_directory')).toEqual(page.map(() => ({ keeps: expect.toSatisfy((keeps) => Number(keeps) === 1) })));
  });
});
