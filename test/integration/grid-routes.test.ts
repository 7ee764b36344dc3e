import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { createOverride } from '#platform/grid/override-store';
import { createSimulatedSource } from '#platform/grid/simulated';
import { createGridActivities } from '#activities/grid/grid.activities';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { sampleWorld, type SampleWorld } from '../support/sample-world.ts';
import { recordingClient } from './grid.world.ts';

let db: FreshDatabase;
let world: SampleWorld;
let gateway: TestGateway;
const get = (path: string, slug = 'aurora-labs') => gateway.request('GET', `/api/v1${path}`, { key: world.keys[slug]! });
const post = (path: string, body: unknown, slug = 'platform', headers: Record<string, string> = {}) => gateway.request('POST', `/api/v1${path}`, { key: world.keys[slug]!, body, headers });

beforeAll(async () => {
  db = await freshDatabase();
  world = await sampleWorld(db);
  gateway = await startGateway(db, { TEMPORAL_NAMESPACE: await takeNamespace() });
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

/** All pages of a list. */
async function all(path: string) {
  const found: Record<string, unknown>[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, json } = await get(`${path}${cursor ? `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}` : ''}`);
    expect(status).toBe(200);
    found.push(...json.data);
    cursor = json.next_cursor;
  }
  return found;
}

describe('W-56: zones', () => {
  test('are eleven rows, public to every organisation, with value, colour and quality', async () => {
    const zones = await all('/zones?limit=4');
    expect(zones.map(({ zone }) => zone)).toEqual(['BE', 'DE', 'ES', 'FR', 'GB', 'IT', 'NL', 'PT', 'US-CAL-CISO', 'US-NY-NYIS', 'US-TEX-ERCO']);
    for (const zone of zones) {
      expect(zone).toMatchObject({ signal: { source: 'simulated', quality: 'preliminary', fresh: true, intensity: { unit: 'gCO2e/kWh' }, price: { unit: 'USD/MWh' } }, shed: false, open_events: [], forecast_hours: 72 });
      expect(zone['color']).toMatch(/^(green|light green|yellow|orange|red)$/);
    }
  });

  test('one by its key; another is absent', async () => {
    expect((await get('/zones/US-TEX-ERCO')).json).toMatchObject({ zone: 'US-TEX-ERCO', residency: 'US', time_zone: 'America/Chicago', fallback: { intensity: { value: '361.5', unit: 'gCO2e/kWh' }, source: 'CarbonCast', year: 2021 } });
    for (const path of ['/zones/ATLANTIS', '/zones/ATLANTIS/signals', '/zones/ATLANTIS/forecast']) expect((await get(path)).json).toMatchObject({ status: 404, code: 'not-found' });
  });
});

describe('W-56: signals', () => {
  test('show every row of a series once over pages, oldest first', async () => {
    const signals = await all('/zones/FR/signals?kind=intensity&basis=average_lifecycle&limit=50');
    expect(signals).toHaveLength(169);
    expect(new Set(signals.map(({ id }) => id)).size).toBe(169);
    const starts = signals.map(({ interval_start }) => String(interval_start));
    expect(starts).toEqual(starts.toSorted());
    expect(signals[0]).toMatchObject({ zone: 'FR', kind: 'intensity', basis: 'average_lifecycle', unit: 'gCO2e/kWh', source: 'simulated', quality: 'final', length_s: 300, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(signals.every(({ value }) => /^-?\d+(\.\d{1,3})?$/.test(String(value)))).toBe(true);
  });

  test('members that do not apply are absent: no basis of a price, a fuel only of one technology', async () => {
    const [price] = await all('/zones/FR/signals?kind=price&limit=200');
    expect(price).not.toHaveProperty('basis');
    expect(price).not.toHaveProperty('override');
    const generation = await all('/zones/FR/signals?kind=generation&limit=2000');
    expect(new Set(generation.map(({ fuel }) => fuel))).toEqual(new Set([undefined, 'nuclear', 'hydro', 'wind', 'solar', 'biomass', 'coal', 'gas', 'oil']));
  });

  test('from and to are interval starts, the end excluded', async () => {
    const every = await all('/zones/FR/signals?kind=price&limit=200');
    const [from, to] = [String(every[10]!['interval_start']), String(every[20]!['interval_start'])];
    const part = await all(`/zones/FR/signals?kind=price&from=${from}&to=${to}`);
    expect(part.map(({ id }) => id)).toEqual(every.slice(10, 20).map(({ id }) => id));
  });

  test.each(['kind=weather', 'basis=best', 'limit=2001', 'limit=0', 'colour=green', 'from=yesterday', 'kind=price&kind=demand'])('%s is refused', async (bad) => {
    expect((await get(`/zones/FR/signals?${bad}`)).json).toMatchObject({ status: 400, code: 'invalid-request' });
  });

  test('a cursor belongs to its zone and filters', async () => {
    const { json } = await get('/zones/FR/signals?kind=price&limit=5');
    for (const path of ['/zones/DE/signals?kind=price&limit=5', '/zones/FR/signals?kind=demand&limit=5', '/zones?limit=5'])
      expect((await get(`${path}&cursor=${encodeURIComponent(json.next_cursor)}`)).json).toMatchObject({ code: 'bad-cursor' });
  });

  test('without a key nothing is shown', async () => expect((await gateway.request('GET', '/api/v1/zones')).status).toBe(401));
});

describe('revisions and steering', () => {
  const grid = () => createGridActivities({ database: db, temporal: recordingClient().client, sources: { byName: new Map([['simulated', createSimulatedSource(1)]]), pace: { intervalS: 300, stepS: 3_600 }, ignoredColumns: [] } });

  test('a list shows every revision, as_of the one that was in force', async () => {
    const [before] = (await all('/zones/DE/signals?kind=intensity&basis=average_lifecycle&limit=200')).slice(-1);
    const known = new Date().toISOString();
    await db.inSystem((em) => createOverride(em, { zone: 'DE', effect: 'carbon-spike', intervals: 3 }));
    await grid().refreshZone('DE');
    const start = String(before!['interval_start']);
    const now = await all(`/zones/DE/signals?kind=intensity&basis=average_lifecycle&from=${start}`);
    expect(now.map(({ override }) => override)).toEqual([undefined, true]);
    const then = await all(`/zones/DE/signals?kind=intensity&basis=average_lifecycle&from=${start}&as_of=${known}`);
    expect(then).toEqual([before]);
    const today = await all(`/zones/DE/signals?kind=intensity&basis=average_lifecycle&from=${start}&as_of=${new Date(Date.now() + 1_000).toISOString()}`);
    expect(today).toEqual([now[1]]);
  });

  test('the forecast marks the hours that are steered, and no others', async () => {
    const { json } = await get('/zones/DE/forecast');
    const grams = json.data.filter(({ kind, basis }: Record<string, string>) => kind === 'intensity' && basis === 'average_lifecycle');
    expect(grams).toHaveLength(72);
    expect(grams.map(({ override }: { override?: boolean }) => override === true).slice(0, 4)).toEqual([true, true, false, false]);
    expect(json.data.filter(({ kind }: Record<string, string>) => kind === 'price')).toHaveLength(72);
  });

  test('an event is everybody\'s to see, with its evidence', async () => {
    const [spike] = await all('/grid-events?zone=DE&kind=carbon-spike&state=monitoring');
    expect(spike).toMatchObject({ zone: 'DE', kind: 'carbon-spike', cause: 'detected', end: null, open: true, evidence: { clauses: [expect.stringContaining('1.30')] } });
    expect((await get(`/grid-events/DE/${String(spike!['id'])}`, 'delta-media')).json).toMatchObject({ id: spike!['id'], history: [], answers: [] });
    expect((await get('/grid-events/DE/shed-20200101T000000Z')).json).toMatchObject({ code: 'not-found' });
  });
});

describe('W-56: an operator\'s calls', () => {
  const shed = { kind: 'shed', duration_s: 600, target_percent: 50, reason: 'the grid operator rang' };

  test('are the operator\'s alone', async () => {
    expect((await post('/zones/IT/events', shed, 'aurora-labs')).json).toMatchObject({ status: 403, code: 'permission-denied' });
    expect((await post('/grid-events/IT/shed-20200101T000000Z/close', {}, 'aurora-labs')).json).toMatchObject({ status: 403 });
  });

  test('bind at once, are one per zone and kind, are answered once per key, and end when they are closed', async () => {
    const key = { 'idempotency-key': 'call-it-once-0001' };
    const first = await post('/zones/IT/events', shed, 'platform', key);
    expect(first).toMatchObject({ status: 202, json: { zone: 'IT', kind: 'shed', cause: 'operator', open: true, state: 'MONITORING', target: { target_percent: 50 }, evidence: { call: { reason: shed.reason, duration_s: 600, target_percent: 50 } } } });
    expect(first.headers.get('location')).toBe(`/api/v1/grid-events/IT/${first.json.id}`);
    expect((await get('/zones/IT')).json).toMatchObject({ shed: true, open_events: [first.json.id] });
    const again = await post('/zones/IT/events', shed, 'platform', key);
    expect([again.json.id, again.headers.get('idempotency-replayed')]).toEqual([first.json.id, 'true']);
    expect((await post('/zones/IT/events', shed)).json).toMatchObject({ status: 409, code: 'event-open', event_id: first.json.id });

    const closed = await post(`/grid-events/IT/${first.json.id}/close`, { reason: 'over' });
    expect(closed).toMatchObject({ status: 200, json: { open: false, evidence: { closed: { cause: 'cancelled' } } } });
    expect(closed.json.end).not.toBeNull();
    expect((await post(`/grid-events/IT/${first.json.id}/close`, {})).json).toMatchObject({ end: closed.json.end });
    expect((await get('/zones/IT')).json.shed).toBe(false);
    const audited = await query<{ action: string }>(db.superuserUrl, `select action from audit_events where target_id = $1 order by seq`, [`IT/${first.json.id}`]);
    expect(audited.map(({ action }) => action)).toEqual(['grid_event.open', 'grid_event.close']);
    const told = await query<{ open: boolean }>(db.superuserUrl, `select (data ->> 'open')::boolean as open from public_stream_events where name = 'grid.event' and data ->> 'id' = $1 order by id`, [first.json.id]);
    expect(told.map(({ open }) => open)).toEqual([true, false]);
  });

  test('a shed ends an absorb, and none begins while it lasts', async () => {
    const absorb = await post('/zones/PT/events', { ...shed, kind: 'absorb' });
    expect(absorb.status).toBe(202);
    expect((await post('/zones/PT/events', shed)).status).toBe(202);
    expect((await get(`/grid-events/PT/${absorb.json.id}`)).json.open).toBe(false);
    expect((await post('/zones/PT/events', { ...shed, kind: 'absorb' })).json).toMatchObject({ code: 'event-open' });
  });

  test('for later begins at its start', async () => {
    const start = new Date(Date.now() + 3_600_000).toISOString();
    const later = await post('/zones/NL/events', { ...shed, start });
    expect(later.json).toMatchObject({ open: false, end: null, start, scheduled_end: new Date(Date.parse(start) + 600_000).toISOString() });
    expect((await get('/zones/NL')).json.shed).toBe(false);
    await db.inSystem((em) => rows(em, sql`update grid_events set start_at = clock_timestamp() where zone = 'NL' and id = ${later.json.id}`));
    const { client, started } = recordingClient();
    await createGridActivities({ database: db, temporal: client, sources: { byName: new Map(), pace: { intervalS: 300, stepS: 3_600 }, ignoredColumns: [] } }).tickZone('NL');
    expect((await get('/zones/NL')).json.shed).toBe(true);
    expect(started).toContain(`grid-event/NL/${later.json.id}`);
  });

  test.each([
    [{ ...shed, duration_s: 59 }, '/duration_s'], [{ ...shed, kind: 'carbon-spike' }, '/kind'], [{ ...shed, target_kw: '12.5' }, '/target_percent'], [{ ...shed, target_percent: undefined }, '/target_percent'],
    [{ ...shed, target_percent: undefined, target_kw: '-1' }, '/target_kw'], [{ ...shed, reason: undefined }, '/reason'], [{ ...shed, hurry: true }, '/hurry'], [{ ...shed, start: new Date(Date.now() + 90_000_000).toISOString() }, '/start'],
  ])('%j is refused', async (body, pointer) => {
    const { json } = await post('/zones/GB/events', body);
    expect(json).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  test('in a zone that is none', async () => expect((await post('/zones/ATLANTIS/events', shed)).json).toMatchObject({ status: 404 }));
});
