import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRID_ZONES } from '#domain/grid/zones';
import { makeSources } from '#platform/grid/make-sources';
import { seedSignals } from '#platform/grid/seed-signals';
import { currentView } from '#platform/grid/zone-view';
import { shared } from '../support/shared.ts';
import { gridWorld, INTERVAL_S, type GridWorld } from './grid.world.ts';

const FILE = shared('data', 'grid_2020_2021_6zones_mix.csv.gz') ?? '';
const START = Date.parse('2021-03-01T00:00Z');
const IN_FILE = ['DE', 'ES', 'NL', 'US-CAL-CISO', 'US-NY-NYIS', 'US-TEX-ERCO'];

describe.skipIf(!FILE)('W-42 to W-44: real hours are played', () => {
  let world: GridWorld;
  const cells = new Map<string, Record<string, string>>();
  const make = (replayStart: number, replayLoop = false) =>
    makeSources({ names: new Set(['replay']), zones: new Set(GRID_ZONES.map(({ zone }) => zone)), intervalS: INTERVAL_S, stepS: 3_600, seed: 1, replayFile: FILE, replayStart, replayLoop });

  beforeAll(async () => {
    const [header, ...lines] = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n').map((line) => line.trim().split(','));
    for (const line of lines) cells.set(`${line[0]} ${Date.parse(line[1]!)}`, Object.fromEntries(header!.map((name, i) => [name, line[i] ?? ''])));
    const sources = await make(START);
    world = await gridWorld(sources, ['replay']);
    await seedSignals(world.database, sources);
  });
  afterAll(() => world.close());

  test('the seed is the week before the start, and the start; every row is a cell of the file', async () => {
    const rows = await world.all<{ zone: string; kind: string; basis: string | null; source_time: Date; value: string; source: string; quality: string }>(
      `select * from grid_signals where kind = 'price' or basis in ('average_lifecycle', 'average_direct')`);
    for (const { zone, kind, basis, source_time, value } of rows) {
      const column = kind === 'price' ? 'price_usd_per_mwh' : basis === 'average_direct' ? 'carbon_intensity_direct_g_per_kwh' : 'carbon_intensity_g_per_kwh';
      const cell = cells.get(`${zone} ${source_time.getTime()}`)![column]!;
      expect(cell).not.toBe('');
      expect(Number(value) / (kind === 'price' ? 1e6 : 1e3)).toBeCloseTo(Number(cell), 3);
    }
    expect(new Set(rows.map(({ zone }) => zone))).toEqual(new Set(IN_FILE));
    expect(new Set(rows.map(({ source, quality }) => `${source} ${quality}`))).toEqual(new Set(['replay final']));
    const times = rows.filter(({ zone, basis }) => zone === 'DE' && basis === 'average_lifecycle').map(({ source_time }) => source_time.getTime());
    expect([times.length, Math.min(...times), Math.max(...times)]).toEqual([169, START - 168 * 3_600_000, START]);
  });

  test('zones of the file have a signal and a forecast of their last week; the others have no price, so no signal, and no 0', async () => {
    for (const { zone, signal, forecast } of await world.database.inSystem((em) => currentView(em))) {
      if (!IN_FILE.includes(zone)) {
        expect([signal, forecast]).toEqual([null, null]);
        continue;
      }
      expect(signal).toMatchObject({ fresh: true, quality: 'final' });
      expect(forecast!.origin).toEqual({ intensity: 'mean_7_days', price: 'mean_7_days' });
      expect(forecast!.intensityMgPerKwh).toHaveLength(72);
    }
  });

  test('an interval is an hour further, and the position survives a restart', async () => {
    await world.later(1);
    expect(await world.grid.tickZone('DE')).toMatchObject({ source: 'replay', sourceTime: '2021-03-01T01:00:00.000Z' });
    await seedSignals(world.database, await make(START));
    await world.later(1);
    expect(await world.grid.tickZone('DE')).toMatchObject({ sourceTime: '2021-03-01T02:00:00.000Z' });
    expect(await world.grid.tickZone('FR')).toMatchObject({ rows: 0, source: null });
  });
});
