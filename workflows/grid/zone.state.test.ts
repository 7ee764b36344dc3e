import { describe, expect, test } from 'vitest';
import type { CycleResult } from './zone.messages.ts';
import { detailsOf, firstView, isOld, stored, TICKS_PER_RUN, troubled } from './zone.state.ts';

const tick: CycleResult = { intervalStart: '2026-11-21T13:00:00.000Z', sourceTime: '2026-01-15T12:00:00.000Z', source: 'simulated', rows: 15, opened: [], closed: [] };
const first = firstView('FR');

describe('what a zone shows', () => {
  test('the newest interval and who told it', () => {
    expect(stored(first, tick)).toMatchObject({ intervalStart: tick.intervalStart, sourceTime: tick.sourceTime, source: 'simulated', rows: 15, trouble: null });
  });

  test('a tick with nothing due leaves the source and the rows of the last one', () => {
    expect(stored(stored(first, tick), { ...tick, source: null, rows: 0 })).toMatchObject({ source: 'simulated', rows: 15 });
  });

  test('events stand from their opening to their closing, each once', () => {
    const opened = stored(first, { ...tick, opened: ['absorb-1', 'carbon-spike-1'] });
    expect(stored(opened, { ...tick, opened: ['absorb-1'], closed: ['carbon-spike-1'] }).openEvents).toEqual(['absorb-1']);
    expect(stored(opened, { ...tick, opened: ['x'], closed: ['x'] }).openEvents).toEqual(['absorb-1', 'carbon-spike-1']);
  });

  test('trouble is shown until a tick succeeds', () => {
    const bad = troubled(stored(first, tick), 'the database is away');
    expect(bad).toMatchObject({ trouble: 'the database is away', sourceTime: tick.sourceTime });
    expect(stored(bad, tick).trouble).toBeNull();
  });
});

describe('in words', () => {
  test.each([
    [first, 'FR has no signals yet. No event is open.'],
    [stored(first, tick), 'FR stands at source hour 2026-01-15T12:00:00.000Z, told by simulated. No event is open.'],
    [stored(first, { ...tick, opened: ['absorb-1'] }), 'FR stands at source hour 2026-01-15T12:00:00.000Z, told by simulated. Open: absorb-1.'],
    [troubled(first, 'timeout'), 'FR has no signals yet. No event is open. The last tick failed and is tried again: timeout'],
  ])('%#', (view, words) => expect(detailsOf(view)).toBe(words));
});

test.each([
  [0, 0, false, false],
  [TICKS_PER_RUN - 1, 0, false, false],
  [TICKS_PER_RUN, 0, false, true],
  [1, 24 * 3_600_000, false, true],
  [1, 0, true, true],
])('W-55: after %s ticks and %s ms, history long: %s → a new run: %s', (ticks, ms, suggested, expected) => expect(isOld(ticks, ms, suggested)).toBe(expected));
