import { sql } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { append } from '#platform/stream/append';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { sampleWorld, type SampleWorld } from '../support/sample-world.ts';
import { openStream, until } from '../support/sse.ts';

// W-180: GIVEN two organisations WHEN one tries every id, cursor and stream of the other THEN neither sees the other's workloads, decisions, answers or alerts.
const WORKLOADS = '/api/v1/workloads';
const EVENT = 'shed-20261121T120000Z';
const CANARY = 'canary of aurora';

if (!inject('temporal')) console.warn('SKIP w180: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('W-180: two organisations', () => {
  let db: FreshDatabase;
  let world: SampleWorld;
  let gateway: TestGateway;
  let [workload, decision, alert]: string[] = [];
  const as = (slug: string) => (method: string, path: string, body?: object) => gateway.request(method, path, { key: world.keys[slug]!, ...(body && { body }) });
  const order = (name: string) => ({ name, kind: 'fine_tune', work: { h100_seconds: 36_000 }, labels: { note: name }, schedule: { flexible: false } });

  beforeAll(async () => {
    db = await freshDatabase();
    world = await sampleWorld(db);
    gateway = await startGateway(db, { TEMPORAL_NAMESPACE: await takeNamespace(), GRID_INTERVAL_S: '300' });
    const org = world.orgs['aurora-labs']!;
    workload = (await as('aurora-labs')('POST', WORKLOADS, order(CANARY))).json.id as string;
    for (let n = 0; n < 3; n += 1) await as('aurora-labs')('POST', WORKLOADS, order(`${CANARY} ${n}`));
    [decision, alert] = [uuidv7(), uuidv7()];
    await db.inSystem((em) => rows(em, sql`insert into grid_events (zone, id, kind, start_at, cause, evidence) values ('FR', ${EVENT}, 'shed', '2026-11-21T12:00:00Z', 'operator', '{}')`));
    await db.inOrg(org, async (em) => {
      await rows(em, sql`insert into decisions (org_id, id, workload_id, kind, outcome, reason, body) values (${org}, ${decision}, ${workload}, 'place', 'place', 'best', ${JSON.stringify({ id: decision, note: CANARY })}::jsonb)`);
      await rows(em, sql`insert into event_answers (org_id, zone, event_id, workload_id, answer, reason, answered_at) values (${org}, 'FR', ${EVENT}, ${workload}, 'moved', ${CANARY}, clock_timestamp())`);
      await rows(em, sql`insert into alerts (org_id, id, kind, severity, title, body, dedup_key) values (${org}, ${alert}, 'workload.failed', 'warning', ${CANARY}, ${CANARY}, 'k')`);
    });
  }, 60_000);
  afterAll(async () => {
    await gateway?.close();
    await db?.close();
  });

  /** What one answer may never hold: any name or id of the other's. */
  const clean = (text: string) => [CANARY, workload!, decision!, alert!, world.orgs['aurora-labs']!].filter((secret) => text.includes(secret));
  const stranger = (method: string, path: string, body?: object) => as('bluefin-robotics')(method, path, body);

  test('its owner sees all of it: what is tested below is there', async () => {
    const owner = as('aurora-labs');
    for (const path of [`${WORKLOADS}/${workload}`, `/api/v1/decisions/${decision}`, `/api/v1/grid-events/FR/${EVENT}`, '/api/v1/alerts']) expect((await owner('GET', path)).text).toContain(CANARY);
  });

  test('no list of the other holds it', async () => {
    for (const path of [WORKLOADS, `${WORKLOADS}?label=note`, '/api/v1/alerts', `/api/v1/grid-events/FR/${EVENT}`, '/api/v1/grid-events', '/api/v1/nodes?limit=200', '/api/v1/organization']) {
      const { status, text } = await stranger('GET', path);
      expect({ path, status, leaked: clean(text) }).toEqual({ path, status: 200, leaked: [] });
    }
  });

  test('no id of the other opens anything, and the answer is the one for an id that never was', async () => {
    const never = uuidv7();
    for (const [method, path] of [
      ['GET', `${WORKLOADS}/ID`], ['GET', `${WORKLOADS}/ID/decisions`], ['GET', `${WORKLOADS}/ID/segments`], ['GET', `${WORKLOADS}/ID/energy`], ['GET', `${WORKLOADS}/ID/events/history`],
      ['GET', `${WORKLOADS}/ID/events`], ['GET', `${WORKLOADS}/ID/result`], ['POST', `${WORKLOADS}/ID/cancel`], ['PUT', `${WORKLOADS}/ID/route`], ['GET', '/api/v1/decisions/ID'], ['POST', '/api/v1/alerts/ID/acknowledge'],
    ] as const) {
      const own = path.includes('decisions/ID') ? decision! : path.includes('alerts') ? alert! : workload!;
      const ask = async (id: string) => {
        const { status, json } = await stranger(method, path.replace('ID', id), method === 'GET' ? undefined : {});
        return { status, ...json, instance: '', request_id: '' };
      };
      const theirs = await ask(own);
      expect(theirs).toMatchObject({ status: 404, code: 'not-found' });
      expect(theirs).toEqual(await ask(never));
    }
  });

  test('no cursor of the other opens a page', async () => {
    const { json } = await as('aurora-labs')('GET', `${WORKLOADS}?limit=1`);
    expect(await stranger('GET', `${WORKLOADS}?limit=1&cursor=${encodeURIComponent(json.next_cursor)}`)).toMatchObject({ status: 400, json: { code: 'bad-cursor' } });
  });

  test('no stream of the other tells it, from the beginning of time on', async () => {
    const stream = await openStream(`${gateway.url}/api/v1/events`, world.keys['bluefin-robotics']!, '0');
    const org = world.orgs['aurora-labs']!;
    await db.inOrg(org, (em) => append(em, org, 'alert', { id: alert, title: CANARY }));
    const own = (await stranger('POST', WORKLOADS, order('own'))).json.id as string;
    await until(() => stream.events.some(({ data }) => data.includes(own)), 5_000, () => stream.events.length);
    await delay(500);
    stream.close();
    expect(clean(JSON.stringify(stream.events))).toEqual([]);
  });

  test('claiming to be the other changes nothing', async () => {
    const headers = { 'x-org-id': world.orgs['aurora-labs']!, 'x-tenant-id': world.orgs['aurora-labs']!, 'openai-organization': world.orgs['aurora-labs']! };
    expect(await gateway.request('GET', `${WORKLOADS}/${workload}`, { key: world.keys['bluefin-robotics']!, headers })).toMatchObject({ status: 404 });
    expect(await stranger('POST', WORKLOADS, { ...order('x'), org_id: world.orgs['aurora-labs'] })).toMatchObject({ status: 400, json: { errors: [{ pointer: '/org_id' }] } });
    expect(await stranger('GET', `${WORKLOADS}?org_id=${world.orgs['aurora-labs']}`)).toMatchObject({ status: 400 });
  });
});
