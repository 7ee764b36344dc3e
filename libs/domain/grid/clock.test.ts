import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duePositions, firstPosition, intervalOf, nextPosition, positionsAhead, sourceTimeAt, type Pace } from './clock.ts';
import { HOUR_MS } from './simulate.ts';

const MINUTE = 60_000;
const pace: Pace = { intervalS: 60, stepS: 3_600 };
const at = { intervalStart: Date.parse('2026-11-21T13:00:00Z'), lengthS: 60, sourceTime: Date.parse('2026-01-15T12:00Z') };
const minutes = (positions: readonly { intervalStart: number }[]) => positions.map(({ intervalStart }) => (intervalStart - at.intervalStart) / MINUTE);
const hours = (positions: readonly { sourceTime: number }[]) => positions.map(({ sourceTime }) => (sourceTime - at.sourceTime) / HOUR_MS);

describe('W-45: where a grid begins', () => {
  test('at the present hour, in the present interval', () => {
    expect(firstPosition(Date.parse('2026-11-21T13:17:42Z'), pace)).toEqual({ intervalStart: Date.parse('2026-11-21T13:17:00Z'), lengthS: 60, sourceTime: Date.parse('2026-11-21T13:00Z') });
  });

  test('W-44: a replay at its start', () => {
    const start = Date.parse('2021-03-01T00:00Z');
    expect(firstPosition(at.intervalStart, { ...pace, replay: { start, lastHour: start, loop: false } }).sourceTime).toBe(start);
  });
});

describe('due intervals', () => {
  test.each([
    ['the newest is not over', 59_999, [], []],
    ['it is over', MINUTE, [1], [1]],
    ['three were missed', 4 * MINUTE + 1, [1, 2, 3, 4], [1, 2, 3, 4]],
    ['stored ahead: nothing until the wall has caught up', -10 * MINUTE, [], []],
  ])('%s', (_name, later, intervals, steps) => {
    const due = duePositions(at, at.intervalStart + later, pace);
    expect([minutes(due), hours(due)]).toEqual([intervals, steps]);
  });

  test('after a day away only the newest 48 are caught up, and the source goes on where it stood', () => {
    const due = duePositions(at, at.intervalStart + 1_440 * MINUTE, pace);
    expect(minutes(due)).toEqual(Array.from({ length: 48 }, (_, i) => 1_440 - 47 + i));
    expect(hours(due)).toEqual(Array.from({ length: 48 }, (_, i) => i + 1));
  });

  test('a new interval length begins at its own next boundary', () => {
    const due = duePositions({ ...at, intervalStart: at.intervalStart + MINUTE }, at.intervalStart + 10 * MINUTE, { ...pace, intervalS: 300 });
    expect(minutes(due)).toEqual([5, 10]);
  });

  test('ticking often and ticking once store the same intervals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 * MINUTE }), { maxLength: 8 }), (gaps) => {
        let position = at;
        let now = at.intervalStart;
        const often: unknown[] = [];
        for (const gap of gaps) {
          now += gap;
          const due = duePositions(position, now, pace);
          often.push(...due);
          position = due.at(-1) ?? position;
        }
        expect(often).toEqual(duePositions(at, now, pace));
      }),
    );
  });
});

describe('W-133: grid_cycle', () => {
  test('stores the next intervals, wherever the wall is', () => expect(minutes(positionsAhead(at, at.intervalStart, 3, pace))).toEqual([1, 2, 3]));

  test('never more than 48 ahead of the wall', () => {
    const ahead = { ...at, intervalStart: at.intervalStart + 46 * MINUTE };
    expect(minutes(positionsAhead(ahead, at.intervalStart, 48, pace))).toEqual([47, 48]);
  });
});

describe('W-44: a replay that ends', () => {
  const replay = { start: at.sourceTime - 5 * HOUR_MS, lastHour: at.sourceTime, loop: false };
  test('goes past its last row, where nothing is', () => expect(nextPosition(at, { ...pace, replay }).sourceTime).toBe(at.sourceTime + HOUR_MS));
  test('begins again if told so', () => expect(nextPosition(at, { ...pace, replay: { ...replay, loop: true } }).sourceTime).toBe(replay.start));
});

test('source time goes on while nobody ticks, and stands while intervals are ahead', () => {
  const now = (minute: number) => (sourceTimeAt(at, at.intervalStart + minute * MINUTE, 3_600) - at.sourceTime) / HOUR_MS;
  expect([now(-3), now(0), now(0.9), now(1), now(7.5)]).toEqual([0, 0, 0, 1, 7]);
});

test('intervals are aligned to whole lengths', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.constantFrom(1, 5, 60, 300, 3_600), (now, lengthS) => {
    const start = intervalOf(now, lengthS);
    return start % (lengthS * 1_000) === 0 && start <= now && now - start < lengthS * 1_000;
  }));
});
