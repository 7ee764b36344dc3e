import { HOUR_MS } from './simulate.ts';

/** Where a zone's signals are: each wall interval maps to exactly one stretch of source time (WD-11). Milliseconds since 1970. */
export interface ClockPosition {
  readonly intervalStart: number;
  readonly lengthS: number;
  readonly sourceTime: number;
}

export interface Pace {
  readonly intervalS: number;
  /** Source time that one interval shows. */
  readonly stepS: number;
  /** Only for a replayed file: where it begins again, if it does (W-44). */
  readonly replay?: { readonly start: number; readonly lastHour: number; readonly loop: boolean };
}

/** How far intervals may be caught up after downtime, or stored ahead by a demo control. */
export const MOST_INTERVALS = 48;

/** The interval that contains `now`, aligned to whole lengths since 1970. */
export const intervalOf = (now: number, intervalS: number): number => Math.floor(now / (intervalS * 1_000)) * intervalS * 1_000;

/** Where a grid begins that was never started: the present hour, or the file's first. */
export const firstPosition = (now: number, { intervalS, replay }: Pace): ClockPosition => ({
  intervalStart: intervalOf(now, intervalS),
  lengthS: intervalS,
  sourceTime: replay?.start ?? Math.floor(now / HOUR_MS) * HOUR_MS,
});

/** One interval and one step further. A changed interval length takes hold at the next boundary of the new one. */
export function nextPosition(at: ClockPosition, { intervalS, stepS, replay }: Pace): ClockPosition {
  const length = intervalS * 1_000;
  const sourceTime = at.sourceTime + stepS * 1_000;
  return {
    intervalStart: Math.ceil((at.intervalStart + at.lengthS * 1_000) / length) * length,
    lengthS: intervalS,
    sourceTime: replay?.loop && sourceTime > replay.lastHour ? replay.start : sourceTime,
  };
}

/**
 * The intervals that have begun since `at`, oldest first, at most the newest 48: after a longer absence the older ones are
 * given up, and the source goes on where it stood. Empty while the newest interval is not over.
 */
export function duePositions(at: ClockPosition, now: number, pace: Pace): ClockPosition[] {
  const oldest = intervalOf(now, pace.intervalS) - (MOST_INTERVALS - 1) * pace.intervalS * 1_000;
  let next = nextPosition(at, pace);
  if (next.intervalStart < oldest) next = { ...next, intervalStart: oldest };
  const due: ClockPosition[] = [];
  for (; next.intervalStart <= now; next = nextPosition(next, pace)) due.push(next);
  return due;
}

/** What `grid_cycle` may store ahead of the wall clock from here: up to `steps` intervals, none more than 48 ahead. */
export function positionsAhead(at: ClockPosition, now: number, steps: number, pace: Pace): ClockPosition[] {
  const furthest = intervalOf(now, pace.intervalS) + MOST_INTERVALS * pace.intervalS * 1_000;
  const ahead: ClockPosition[] = [];
  for (let next = nextPosition(at, pace); ahead.length < steps && next.intervalStart <= furthest; next = nextPosition(next, pace)) ahead.push(next);
  return ahead;
}

/** The source time at wall time `now`, also when the clock itself stands still. */
export const sourceTimeAt = (at: ClockPosition, now: number, stepS: number): number =>
  at.sourceTime + Math.max(0, Math.floor((now - at.intervalStart) / (at.lengthS * 1_000))) * stepS * 1_000;
