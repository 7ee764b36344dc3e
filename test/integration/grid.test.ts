import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriesKey, type SignalKind } from '#domain/grid/signal';
import { HOUR_MS, simulatedValues } from '#domain/grid/simulate';
import { simulatedZone } from '#domain/grid/simulated-zones';
import { createOverride } from '#platform/grid/override-store';
import { closeOpen, openEvent } from '#platform/grid/event-store';
import { seedSignals } from '#platform/grid/seed-signals';
import { createSimulatedSource } from '#platform/grid/simulated';
import { currentView } from '#platform/grid/zone-view';
import { gridWorld, INTERVAL_S, sourcesOf, type GridWorld } from './grid.world.ts';

const sources = sourcesOf(createSimulatedSource(1));
let world: GridWorld;

beforeAll(async () => {
  world = await gridWorld(sources, ['simulated']);
  await seedSignals(world.database, sources);
});
afterAll(() => world.close());

interface Row { kind: SignalKind; basis: string | null; fuel: string | null; value: string; source_time: Date; quality: string; override: boolean; interval_start: Date; flags: string[] }
const signals = (zone: string, where = 'true') => world.all<Row>(`select * from grid_signals where zone = $1 and ${where} order by interval_start, issued_at`, [zone]);
const clockOf = async (zone: string) => (await world.all<{ interval_start: Date; source_time: Date }>('select * from grid_clock where zone = $1', [zone]))[0]!;
const modelled = (zone: string, at: Date, quality: 'final' | 'preliminary') => new Map(simulatedValues(1, simulatedZone(zone)!, at.getTime(), quality).map((value) => [seriesKey(value), value.value.toString()]));
const wrong = (zone: string, rows: readonly Row[]) =>
  rows.filter((row) => row.value !== modelled(zone, row.source_time, row.quality as 'final').get(seriesKey(row as never)));

describe('W-6: the seed', () => {
  test('holds 168 source hours and the present one of each zone, every row equal to W-48', async () => {
    for (const zone of ['FR', 'US-TEX-ERCO']) {
      const rows = await signals(zone);
      expect(rows).toHaveLength(169 * 15);
      expect(wrong(zone, rows)).toEqual([]);
    }
    const [{ zones }] = await world.all<{ zones: string }>('select count(distinct zone) as zones from grid_signals') as [{ zones: string }];
    expect(zones).toBe('11');
  });

  test('hours a day old are final, younger ones preliminary; intervals are wall time going backwards', async () => {
    const rows = await signals('DE', `kind = 'price'`);
    const { interval_start, source_time } = await clockOf('DE');
    expect(rows.at(-1)).toMatchObject({ interval_start, source_time });
    for (const [i, row] of rows.toReversed().entries()) {
      expect(row.quality).toBe(i >= 24 ? 'final' : 'preliminary');
      expect(interval_start.getTime() - row.interval_start.getTime()).toBe(i * INTERVAL_S * 1_000);
      expect(source_time.getTime() - row.source_time.getTime()).toBe(i * HOUR_MS);
    }
  });

  test('shows the same source hour in the same interval of every zone', async () => {
    const positions = await world.all('select distinct interval_start, source_time from grid_clock');
    expect(positions).toHaveLength(1);
  });

  test('changes no row when it is run again', async () => {
    const count = () => world.all('select count(*) from grid_signals union all select count(*) from grid_forecasts');
    const before = await count();
    await seedSignals(world.database, sources);
    expect(await count()).toEqual(before);
  });

  test('gives routing a fresh view of eleven zones with 72 hours ahead', async () => {
    const views = await world.database.inSystem((em) => currentView(em));
    expect(views).toHaveLength(11);
    for (const { signal, forecast, shed } of views) {
      expect(signal).toMatchObject({ fresh: true, quality: 'preliminary' });
      expect(signal!.refs).toHaveLength(2);
      expect(forecast!.intensityMgPerKwh).toHaveLength(72);
      expect(forecast!.origin).toEqual({ intensity: 'source', price: 'source' });
      expect(shed).toBe(false);
    }
  });
});

describe('W-55: a tick', () => {
  test('does nothing while the newest interval is not over', async () => {
    const before = await clockOf('GB');
    expect(await world.grid.tickZone('GB')).toMatchObject({ rows: 0, source: null, opened: [] });
    expect(await clockOf('GB')).toEqual(before);
  });

  test('stores the next hour, and the final rows of the hour a day before', async () => {
    await world.later(1);
    const before = await clockOf('NL');
    const tick = await world.grid.tickZone('NL');
    const after = await clockOf('NL');
    expect(tick).toMatchObject({ rows: 15, source: 'simulated', sourceTime: after.source_time.toISOString() });
    expect(after.source_time.getTime() - before.source_time.getTime()).toBe(HOUR_MS);
    const newest = await signals('NL', `source_time = '${after.source_time.toISOString()}'`);
    expect([newest.length, wrong('NL', newest)]).toEqual([15, []]);
    const revised = await signals('NL', `source_time = '${new Date(after.source_time.getTime() - 24 * HOUR_MS).toISOString()}'`);
    expect(revised.map(({ quality }) => quality).filter((quality) => quality === 'final')).toHaveLength(15);
    expect(wrong('NL', revised)).toEqual([]);
  });

  test('stores an interval once, however many tick at the same time', async () => {
    await Promise.all([world.grid.tickZone('BE'), world.grid.tickZone('BE'), world.grid.tickZone('BE')]);
    const { source_time } = await clockOf('BE');
    expect(await signals('BE', `source_time = '${source_time.toISOString()}'`)).toHaveLength(15);
  });

  test('catches up what was missed while nobody ticked, marked late', async () => {
    await world.later(3);
    const before = await clockOf('PT');
    await world.grid.tickZone('PT');
    const rows = await signals('PT', `kind = 'price' and source_time > '${before.source_time.toISOString()}'`);
    // Three intervals missed and the present one; one more where the wall clock enters the next in between.
    const [present, ...missed] = rows.map(({ flags }) => flags).toReversed();
    expect(present).toEqual([]);
    expect(missed.length).toBeGreaterThanOrEqual(3);
    expect(missed.every(([flag]) => flag === 'late')).toBe(true);
    expect(wrong('PT', rows)).toEqual([]);
  });

  test('eleven zones may tick at the same time', async () => {
    await world.later(1);
    const ticks = await Promise.all((await world.all<{ key: string }>('select key from zones')).map(({ key }) => world.grid.tickZone(key)));
    expect(ticks.every(({ rows }) => rows === 15)).toBe(true);
  });
});

describe('W-133: grid_cycle', () => {
  test('stores intervals ahead of the wall; ticks then idle until it has caught up', async () => {
    const before = await clockOf('IT');
    expect(await world.grid.advanceZone('IT', 3)).toMatchObject({ rows: 45 });
    const after = await clockOf('IT');
    expect(after.source_time.getTime() - before.source_time.getTime()).toBe(3 * HOUR_MS);
    expect(after.interval_start.getTime() - before.interval_start.getTime()).toBe(3 * INTERVAL_S * 1_000);
    expect(await world.grid.tickZone('IT')).toMatchObject({ rows: 0 });
    const view = (await world.database.inSystem((em) => currentView(em))).find(({ zone }) => zone === 'IT')!;
    expect(view.signal!.intensityMgPerKwh.toString()).toBe(modelled('IT', after.source_time, 'preliminary').get('intensity:average_lifecycle'));
  });

  test('never more than 48 intervals ahead', async () => {
    await world.grid.advanceZone('IT', 48);
    expect(await world.grid.advanceZone('IT', 48)).toMatchObject({ rows: 0 });
  });
});

describe('W-134: overrides', () => {
  test('a spike opens carbon-spike by its own rule, is seen ahead, and ends by itself', async () => {
    await world.database.inSystem((em) => createOverride(em, { zone: 'DE', effect: 'carbon-spike', intervals: 2 }));
    const { opened } = await world.grid.refreshZone('DE');
    expect(opened).toEqual([expect.stringMatching(/^carbon-spike-\d{8}T\d{6}Z$/)]);
    expect(world.started).toContain(`grid-event/DE/${opened[0]}`);

    const { source_time } = await clockOf('DE');
    const rows = await signals('DE', `source_time = '${source_time.toISOString()}' and basis = 'average_lifecycle'`);
    expect(rows.map(({ override }) => override)).toEqual([false, true]);
    expect(Number(rows[1]!.value)).toBeGreaterThanOrEqual(Number(rows[0]!.value) + 300_000);
    const view = (await world.database.inSystem((em) => currentView(em))).find(({ zone }) => zone === 'DE')!;
    expect(view.signal!.intensityMgPerKwh.toString()).toBe(rows[1]!.value);
    // The second overridden hour is seen ahead, the third is as the model says.
    const ahead = (hours: number) => Number(modelled('DE', new Date(source_time.getTime() + hours * HOUR_MS), 'final').get('intensity:average_lifecycle'));
    expect(view.forecast!.intensityMgPerKwh[0]).toBeGreaterThan(ahead(1) + 250_000);
    expect(Math.abs(view.forecast!.intensityMgPerKwh[1]! - ahead(2))).toBeLessThan(ahead(2) * 0.15);

    expect(await world.grid.advanceZone('DE', 1)).toMatchObject({ closed: [] });
    expect(await world.grid.advanceZone('DE', 2)).toMatchObject({ closed: opened });
    expect(world.told).toContain(`grid-event/DE/${opened[0]} eventClosed {"cause":"condition_over"}`);
    const [event] = await world.all<{ open: boolean; cause: string; evidence: { clauses: string[]; rows: string[] } }>(`select * from grid_events where zone = 'DE' and id = $1`, [opened[0]]);
    expect(event).toMatchObject({ open: false, cause: 'detected', evidence: { clauses: ['intensity at least 1.30 of the mean and 50 g/kWh above it'], closed: { cause: 'condition_over' } } });
    expect(event!.evidence.rows.length).toBeGreaterThanOrEqual(4);
  });

  test('a surplus opens absorb with curtailment and a price below zero', async () => {
    await world.database.inSystem((em) => createOverride(em, { zone: 'US-NY-NYIS', effect: 'surplus', intervals: 1 }));
    const { opened } = await world.grid.refreshZone('US-NY-NYIS');
    expect(opened).toEqual([expect.stringMatching(/^absorb-/)]);
    const [event] = await world.all<{ evidence: { clauses: string[] } }>(`select evidence from grid_events where zone = 'US-NY-NYIS' and id = $1`, [opened[0]]);
    expect(event!.evidence.clauses).toEqual(expect.arrayContaining(['price at or below 0', 'curtailment reported']));
  });

  test('only a simulated grid can be steered', async () => {
    await world.all(`update grid_clock set source = 'entsoe' where zone = 'ES'`);
    await expect(world.database.inSystem((em) => createOverride(em, { zone: 'ES', effect: 'surplus', intervals: 1 }))).rejects.toMatchObject({ code: 'not-simulated' });
    await world.all(`update grid_clock set source = 'simulated' where zone = 'ES'`);
  });
});

describe('W-53: calls', () => {
  const call = (zone: string, kind: 'shed' | 'absorb', seconds: number) =>
    world.database.inSystem((em) => openEvent(em, { zone, kind, start: Date.now(), cause: 'operator', evidence: { call: {} }, scheduledEnd: Date.now() + seconds * 1_000 }));

  test('shed shows in every view at once, is one per zone, and ends with its call', async () => {
    const { id, opened } = await call('FR', 'shed', 1);
    expect(opened).toBe(true);
    expect((await world.database.inSystem((em) => currentView(em))).find(({ zone }) => zone === 'FR')!.shed).toBe(true);
    expect(await call('FR', 'shed', 60)).toEqual({ id, opened: false });
    const { nextDueMs } = await world.grid.tickZone('FR');
    expect(nextDueMs).toBeLessThanOrEqual(1_000);
    await new Promise((resolve) => setTimeout(resolve, nextDueMs + 20));
    expect(await world.grid.tickZone('FR')).toMatchObject({ rows: 0, closed: [id] });
    expect(await world.all(`select open from grid_events where zone = 'FR' and id = $1`, [id])).toEqual([{ open: false }]);
    expect(world.told).toContain(`grid-event/FR/${id} eventClosed {"cause":"call_ended"}`);
  });

  test('a called absorb is not closed for want of a surplus', async () => {
    const { id } = await call('US-CAL-CISO', 'absorb', 600);
    await world.grid.refreshZone('US-CAL-CISO');
    expect(await world.all(`select open from grid_events where zone = 'US-CAL-CISO' and id = $1`, [id])).toEqual([{ open: true }]);
    await world.database.inSystem((em) => closeOpen(em, 'US-CAL-CISO', 'absorb', 'cancelled'));
  });
});

test('W-35: a twelfth zone needs no code and takes part within one interval', async () => {
  await world.all(`insert into zones select 'XK', 'Testland', latitude, longitude, time_zone, residency, sources, null, fallback_intensity_mg_per_kwh, fallback_source, fallback_year from zones where key = 'FR'`);
  await world.grid.tickZone('FR');
  expect(world.started).toContain('grid-zone/XK');
  await world.grid.tickZone('XK');
  const [joined, other] = [await clockOf('XK'), await clockOf('FR')];
  const intervals = (other.interval_start.getTime() - joined.interval_start.getTime()) / (INTERVAL_S * 1_000);
  expect((other.source_time.getTime() - joined.source_time.getTime()) / HOUR_MS).toBe(intervals);
  expect(Date.now() - joined.interval_start.getTime()).toBeLessThan(INTERVAL_S * 1_000);
  const view = (await world.database.inSystem((em) => currentView(em))).find(({ zone }) => zone === 'XK')!;
  expect(view).toMatchObject({ region: 'EU', signal: null });
});
