import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duePositions, firstPosition, MOST_INTERVALS, nextPosition, positionsAhead, sourceTimeAt, type ClockPosition, type Pace } from './clock.ts';
import { HOUR_MS } from './simulate.ts';
import { GRID_ZONES } from './zones.ts';

const BEGIN = Date.parse('2026-11-21T00:00:00Z');
const lengths = fc.constantFrom(1, 5, 60, 300, 900, 3_600);
const paces: fc.Arbitrary<Pace> = fc.record({ intervalS: lengths, stepS: fc.constantFrom(300, 900, 3_600) });
const aligned = (intervalS: number, n: number): ClockPosition => ({ intervalStart: BEGIN + n * intervalS * 1_000, lengthS: intervalS, sourceTime: Date.parse('2026-01-15T12:00Z') });
const away = fc.integer({ min: 0, max: 3 * 24 * HOUR_MS });

describe('after any downtime', () => {
  test('exactly the newest 48 starts up to now are due, each one step of the source after the one before', () => {
    fc.assert(fc.property(paces, away, (pace, ms) => {
      const at = aligned(pace.intervalS, 0);
      const starts: number[] = [];
      for (let start = at.intervalStart + pace.intervalS * 1_000; start <= at.intervalStart + ms && starts.length < 300_000; start += pace.intervalS * 1_000) starts.push(start);
      const due = duePositions(at, at.intervalStart + ms, pace);
      expect(due.map(({ intervalStart }) => intervalStart)).toEqual(starts.slice(-MOST_INTERVALS));
      expect(due.map(({ sourceTime }) => (sourceTime - at.sourceTime) / 1_000 / pace.stepS)).toEqual(due.map((_, i) => i + 1));
    }), { numRuns: 60 });
  });

  test('asked again at once, nothing is due; asked one interval later, one is', () => {
    fc.assert(fc.property(paces, away, (pace, ms) => {
      const now = BEGIN + ms;
      const last = duePositions(aligned(pace.intervalS, 0), now, pace).at(-1);
      fc.pre(last !== undefined);
      expect(duePositions(last!, now, pace)).toEqual([]);
      expect(duePositions(last!, now + pace.intervalS * 1_000, pace)).toHaveLength(1);
    }));
  });

  test('a new interval length keeps starts aligned, growing and never in the present one', () => {
    fc.assert(fc.property(lengths, paces, fc.nat(50), away, (before, pace, n, ms) => {
      const at = aligned(before, n);
      const starts = duePositions(at, at.intervalStart + ms, pace).map(({ intervalStart }) => intervalStart);
      for (const [i, start] of starts.entries()) {
        expect(start % (pace.intervalS * 1_000)).toBe(0);
        expect(start).toBeGreaterThanOrEqual(i === 0 ? at.intervalStart + before * 1_000 : starts[i - 1]! + pace.intervalS * 1_000);
      }
    }));
  });

  test('the source time that is shown without a tick is the one that ticking stores', () => {
    fc.assert(fc.property(paces, away, (pace, ms) => {
      const at = aligned(pace.intervalS, 0);
      fc.pre(ms < MOST_INTERVALS * pace.intervalS * 1_000);
      expect(sourceTimeAt(at, BEGIN + ms, pace.stepS)).toBe((duePositions(at, BEGIN + ms, pace).at(-1) ?? at).sourceTime);
    }));
  });
});

test('W-133: whatever is stored ahead is not due until the wall is past it, and then goes on from there', () => {
  fc.assert(fc.property(paces, fc.integer({ min: 1, max: 100 }), (pace, steps) => {
    const at = aligned(pace.intervalS, 0);
    const ahead = positionsAhead(at, BEGIN, steps, pace);
    expect(ahead).toHaveLength(Math.min(steps, MOST_INTERVALS));
    const last = ahead.at(-1)!;
    expect(duePositions(last, last.intervalStart + pace.intervalS * 1_000 - 1, pace)).toEqual([]);
    expect(duePositions(last, last.intervalStart + pace.intervalS * 1_000, pace)).toEqual([nextPosition(last, pace)]);
  }));
});

describe('W-44: a replay', () => {
  test('in a loop shows each hour of the file in turn, whatever its length', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 200 }), (hours, steps) => {
      const start = Date.parse('2021-03-01T00:00Z');
      const pace: Pace = { intervalS: 60, stepS: 3_600, replay: { start, lastHour: start + (hours - 1) * HOUR_MS, loop: true } };
      let at = firstPosition(BEGIN, pace);
      for (let step = 0; step < steps; step += 1, at = nextPosition(at, pace)) expect((at.sourceTime - start) / HOUR_MS).toBe(step % hours);
    }));
  });

  test('without one leaves the file after its last hour and never comes back', () => {
    const start = Date.parse('2021-03-01T00:00Z');
    const pace: Pace = { intervalS: 60, stepS: 3_600, replay: { start, lastHour: start + HOUR_MS, loop: false } };
    const due = duePositions({ ...firstPosition(BEGIN, pace) }, BEGIN + 10 * 60_000, pace);
    expect(due.map(({ sourceTime }) => (sourceTime - start) / HOUR_MS)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

/** UTC instants at which a local day begins, found on the zone's own clock. */
const midnight = (timeZone: string, day: string): number => {
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  for (let at = Date.parse(`${day}T00:00Z`) - 14 * HOUR_MS; ; at += HOUR_MS) if (local.format(at) === `${day} 00:00`) return at;
};

describe('W-39: the source knows no local time, so a local day has as many hours as its zone gives it', () => {
  const EUROPE = [['2026-03-29', '2026-03-30', 23], ['2026-10-25', '2026-10-26', 25], ['2026-06-21', '2026-06-22', 24]] as const;
  const AMERICA = [['2026-03-08', '2026-03-09', 23], ['2026-11-01', '2026-11-02', 25], ['2026-06-21', '2026-06-22', 24]] as const;
  const days = GRID_ZONES.flatMap(({ zone, timeZone, residency }) => (residency === 'US' ? AMERICA : EUROPE).map(([day, next, hours]) => [zone, day, hours, timeZone, next] as const));

  test.each(days)('%s, %s: %i hours', (_zone, day, hours, timeZone, next) => {
    const pace: Pace = { intervalS: 60, stepS: 3_600 };
    const shown: number[] = [];
    for (let at = { ...aligned(60, 0), sourceTime: midnight(timeZone, day) }; at.sourceTime < midnight(timeZone, next); at = nextPosition(at, pace)) shown.push(at.sourceTime);
    expect(new Set(shown).size).toBe(hours);
    expect(shown).toHaveLength(hours);
  });
});
