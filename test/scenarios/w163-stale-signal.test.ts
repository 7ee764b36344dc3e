import { afterAll, beforeAll, expect, test } from 'vitest';
import { currentView } from '#platform/grid/zone-view';
import { gridWorld, sourcesOf, switchable, type GridWorld } from '../integration/grid.world.ts';

const source = switchable();
let world: GridWorld;

beforeAll(async () => {
  world = await gridWorld(sourcesOf(source), ['switchable'], ['FR', 'DE']);
  for (let i = 0; i < 3; i += 1) {
    await world.later(1);
    await Promise.all(['FR', 'DE'].map((zone) => world.grid.tickZone(zone)));
  }
});
afterAll(() => world.close());

const viewOf = async (zone: string) => (await world.database.inSystem((em) => currentView(em))).find((view) => view.zone === zone)!;
const events = () => world.all<{ id: string; open: boolean; end_at: Date | null }>(`select id, open, end_at from grid_events where kind = 'stale-signal' order by start_at`);
const interval = async () => {
  await world.later(1);
  return world.grid.tickZone('FR');
};

test('W-163: all sources of FR away for 3 intervals', async () => {
  // Given a zone that was told its signals until now
  expect((await viewOf('FR')).signal).toMatchObject({ fresh: true });

  // When all of its sources are away for three intervals
  source.down = true;
  const before = await viewOf('FR');
  await interval();
  await interval();
  // then two missed intervals are still covered by the newest row (W-41: ended at most two steps ago),
  expect(await events()).toEqual([]);
  await interval();
  // and the third opens stale-signal, with every refusal on record
  expect(await events()).toEqual([{ id: expect.stringMatching(/^stale-signal-\d{8}T\d{6}Z$/), open: true, end_at: null }]);
  const refusals = await world.all<{ source: string; code: string }>(`select source, code from grid_refusals where zone = 'FR'`);
  expect(refusals).toEqual(Array.from({ length: 3 }, () => ({ source: 'switchable', code: 'http_404' })));
  expect(world.started.some((id) => id.startsWith('grid-event/FR/stale-signal-'))).toBe(true);

  // New work is placed by the forecast of at most six source hours, as fallback; nothing may move by it
  const stale = await viewOf('FR');
  expect(stale.signal).toMatchObject({ quality: 'fallback', fresh: false, refs: [] });
  // the forecast of three hours before, for this hour: its third entry
  expect(Number(stale.signal!.intensityMgPerKwh)).toBe(before.forecast!.intensityMgPerKwh[2]);

  // When they come back
  source.down = false;
  await interval();
  // then the event closes,
  expect((await events())[0]).toMatchObject({ open: false });
  expect((await viewOf('FR')).signal).toMatchObject({ fresh: true, quality: 'preliminary' });
  // and the three missed intervals are filled, marked late
  const late = await world.all<{ starts: string }>(`select count(distinct interval_start) as starts from grid_signals where zone = 'FR' and 'late' = any(flags) and interval_start >= (select min(interval_start) from grid_refusals where zone = 'FR')`);
  expect(late).toEqual([{ starts: '3' }]);
});

test('W-163: after six source hours without anything, the published yearly mean is what is left', async () => {
  source.down = true;
  for (let i = 0; i < 7; i += 1) await interval();
  const { signal } = await viewOf('FR');
  // no price is published for a year, so there is no signal at all, and no 0
  expect(signal).toBeNull();
  source.down = false;
});
