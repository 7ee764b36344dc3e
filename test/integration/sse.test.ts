import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { append, appendPublic } from '#platform/stream/append';
import { sql } from 'kysely';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addKey, addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';
import { openStream, until, type OpenStream } from '../support/sse.ts';

let db: FreshDatabase;
let gateway: TestGateway;
let [a, b]: TestOrganization[] = [];
const open: OpenStream[] = [];

beforeAll(async () => {
  db = await freshDatabase();
  [a, b] = [await addOrganization(db, 'org-a'), await addOrganization(db, 'org-b')];
  gateway = await startGateway(db);
});
beforeEach(() => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(async () => {
  for (const stream of open) stream.close();
  await gateway.close();
  await db.close();
});

const listen = async (path: string, key: string, last?: string) => {
  const stream = await openStream(gateway.url + path, key, last);
  open.push(stream);
  return stream;
};
const say = (org: TestOrganization, n: number, workloadId?: string) => db.inOrg(org.id, (em) => append(em, org.id, 'workload.state', { n }, workloadId));
const sayToAll = (n: number) => db.inSystem((em) => appendPublic(em, 'grid.signal', { n }));
const numbers = (stream: OpenStream) => stream.events.map(({ data }) => (JSON.parse(data) as { n: number }).n);
const EVENTS = '/api/v1/events';

describe('GET /api/v1/events (W-89)', () => {
  test('tells the organisation’s own events and the public ones, in one growing order, within a second', async () => {
    const stream = await listen(EVENTS, a!.key);
    await delay(300);
    const begin = performance.now();
    for (let n = 1; n <= 20; n += 1) await (n % 2 ? say(a!, n) : sayToAll(n));
    await until(() => stream.events.length === 20, 5_000, () => stream.events);
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(numbers(stream)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(stream.events.map(({ event }) => event).slice(0, 2)).toEqual(['workload.state', 'grid.signal']);
    for (const [i, { id }] of stream.events.entries()) if (i > 0) expect(BigInt(id)).toBeGreaterThan(BigInt(stream.events[i - 1]!.id));
  });

  test('nothing of one organisation reaches another (W-180)', async () => {
    const [mine, theirs] = [await listen(EVENTS, a!.key), await listen(EVENTS, b!.key)];
    await delay(300);
    await Promise.all([say(a!, 1), say(b!, 2), sayToAll(3)]);
    await until(() => mine.events.length === 2 && theirs.events.length === 2, 5_000, () => [mine.events, theirs.events]);
    await delay(400);
    expect([numbers(mine).sort(), numbers(theirs).sort()]).toEqual([[1, 3], [2, 3]]);
  });

  test('Last-Event-ID goes on after it, with what happened meanwhile and then what happens', async () => {
    const first = await listen(EVENTS, a!.key);
    await delay(300);
    await say(a!, 1);
    const { id } = await until(() => first.events[0]);
    first.close();
    for (let n = 2; n <= 1_200; n += 100) await db.inOrg(a!.id, async (em) => { for (let i = 0; i < 100; i += 1) await append(em, a!.id, 'workload.state', { n: n + i }); });
    const again = await listen(EVENTS, a!.key, id);
    await until(() => again.events.length >= 1_200, 10_000, () => again.events.length);
    await say(a!, 1_202);
    await until(() => again.events.length === 1_201, 5_000, () => again.events.length);
    expect(numbers(again)).toEqual(Array.from({ length: 1_201 }, (_, i) => i + 2));
  });

  test('an event that commits late comes in its place or after, never behind the reader: nothing is missed', async () => {
    const stream = await listen(EVENTS, a!.key);
    await delay(300);
    const slow = new pg.Client({ connectionString: db.url });
    await slow.connect();
    await slow.query(`begin; select set_config('app.org', '${a!.id}', true)`);
    await slow.query(`insert into stream_events (org_id, name, data) values ('${a!.id}', 'workload.state', '{"n":1}')`);
    await say(a!, 2);
    await delay(700);
    // The younger event waits for the older transaction: told first, it would leave the older one behind the reader.
    expect(stream.events).toEqual([]);
    await slow.query('commit');
    await slow.end();
    await until(() => stream.events.length === 2);
    expect(numbers(stream)).toEqual([1, 2]);
  });

  test('a rolled back event was never said', async () => {
    const stream = await listen(EVENTS, a!.key);
    await delay(300);
    await db.inOrg(a!.id, async (em) => {
      await append(em, a!.id, 'workload.state', { n: 1 });
      throw new Error('rolled back');
    }).catch(() => undefined);
    await say(a!, 2);
    await until(() => stream.events.length > 0);
    expect(numbers(stream)).toEqual([2]);
  });

  test('twenty streams a key, then 429; a closed one frees its place', async () => {
    const { key } = await addKey(db, a!.id, ['grid.read']);
    const streams = await Promise.all(Array.from({ length: 20 }, () => listen(EVENTS, key)));
    expect(streams.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await gateway.request('GET', EVENTS, { key })).toMatchObject({ status: 429, json: { code: 'rate-limited' } });
    streams[0]!.close();
    await delay(200);
    expect((await listen(EVENTS, key)).status).toBe(200);
  });

  test('a key without workload.read hears what is public, and nothing else', async () => {
    const { key } = await addKey(db, a!.id, ['grid.read']);
    const stream = await listen(EVENTS, key);
    await delay(300);
    await say(a!, 1);
    await sayToAll(2);
    await until(() => stream.events.length > 0);
    await delay(300);
    expect(numbers(stream)).toEqual([2]);
  });

  test('a revoked key’s stream ends within 5 s (R-10)', async () => {
    const { key, keyRow } = await addKey(db, a!.id, ['grid.read']);
    const stream = await listen(EVENTS, key);
    await delay(300);
    await db.inOrg(a!.id, (em) => rows(em, sql`update api_keys set status = 'revoked', revoked_at = clock_timestamp() where id = ${keyRow}`));
    const begin = performance.now();
    await stream.ended;
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  test.each(['abc', '-1', '99999999999999999999'])('Last-Event-ID %s names no event', async (last) => {
    expect(await gateway.request('GET', EVENTS, { key: a!.key, headers: { 'last-event-id': last } })).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });
});

describe('GET /api/v1/workloads/{id}/events', () => {
  const workload = async (org: TestOrganization) => {
    const id = uuidv7();
    await db.inOrg(org.id, (em) => rows(em, sql`
      insert into workloads (org_id, id, name, kind, spec, policy, state, gpus, units_total, max_moves, correlation_id, run_started)
      values (${org.id}, ${id}, 'x', 'custom', '{}', '{}', 'accepted', 1, 10, 5, 'c', true)`));
    return id;
  };

  test('tells of this workload only, live and from the past', async () => {
    const [one, other] = [await workload(a!), await workload(a!)];
    await say(a!, 1, one);
    const stream = await listen(`/api/v1/workloads/${one}/events`, a!.key, '0');
    await until(() => stream.events.length === 1);
    await Promise.all([say(a!, 2, other), sayToAll(3), say(a!, 4)]);
    await say(a!, 5, one);
    await until(() => stream.events.length === 2);
    await delay(300);
    expect(numbers(stream)).toEqual([1, 5]);
  });

  test('another organisation’s is absent (W-180)', async () => {
    const id = await workload(a!);
    expect(await gateway.request('GET', `/api/v1/workloads/${id}/events`, { key: b!.key })).toMatchObject({ status: 404, json: { code: 'not-found' } });
  });
});

test('a reader that stalls is dropped, and the others never notice (W-89)', async () => {
  const { socket, text } = await stalledReader(gateway.url, a!.key);
  const other = await listen(EVENTS, b!.key);
  await delay(300);
  const big = 'x'.repeat(60_000);
  for (let n = 0; n < 400; n += 1) await db.inOrg(a!.id, (em) => append(em, a!.id, 'workload.state', { n, big }));
  await say(b!, 1);
  await until(() => other.events.length > 0);
  await delay(600);
  socket.resume();
  await until(() => text().includes('event: stream.lagged'), 8_000, () => text().slice(-200));
  const last = /"last_event_id":"(\d+)"/.exec(text())![1]!;
  const ids = [...text().matchAll(/^id: (\d+)$/gm)].map(([, id]) => id);
  expect(ids.at(-1)).toBe(last);
  expect((await query(db.superuserUrl, 'select from stream_events where org_id = $1 and id > $2', [a!.id, last])).length).toBeGreaterThan(0);
  socket.destroy();
});

/** A plain socket that asks for the stream and then reads nothing. */
async function stalledReader(url: string, key: string) {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let all = '';
  socket.on('data', (chunk: Buffer) => void (all += chunk.toString()));
  socket.write(`GET ${EVENTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`);
  await until(() => all.includes(': open'));
  socket.pause();
  return { socket, text: () => all.replace(/\r\n[0-9a-f]+\r\n/g, '') };
}
