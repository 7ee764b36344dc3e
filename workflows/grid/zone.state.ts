import type { CycleResult, ZoneRunView } from './zone.messages.ts';

/** Ticks of one run: some 10 events each, and a history stays below 4,000 (W-148). */
export const TICKS_PER_RUN = 300;
const DAY_MS = 24 * 3_600_000;

export const firstView = (zone: string): ZoneRunView => ({ zone, intervalStart: null, sourceTime: null, source: null, rows: 0, openEvents: [], trouble: null });

/** After a tick, and after what was asked for. */
export const stored = (view: ZoneRunView, { intervalStart, sourceTime, source, rows, opened, closed }: CycleResult): ZoneRunView => ({
  ...view, intervalStart, sourceTime, source: source ?? view.source, rows: rows || view.rows, openEvents: standing(view, opened, closed), trouble: null,
});

export const troubled = (view: ZoneRunView, trouble: string): ZoneRunView => ({ ...view, trouble });

const standing = ({ openEvents }: ZoneRunView, opened: readonly string[], closed: readonly string[]) =>
  [...new Set([...openEvents, ...opened])].filter((id) => !closed.includes(id));

/** Daily at the latest, after so many ticks, or when the history is long: who steers the zone adds to it as well (W-55). */
export const isOld = (ticks: number, runningMs: number, isLong: boolean): boolean => isLong || ticks >= TICKS_PER_RUN || runningMs >= DAY_MS;

/** What the Web UI says of the run, to somebody who has never seen this code. */
export function detailsOf({ zone, sourceTime, source, openEvents, trouble }: ZoneRunView): string {
  const events = openEvents.length === 0 ? 'No event is open.' : `Open: ${openEvents.join(', ')}.`;
  const now = sourceTime ? `${zone} stands at source hour ${sourceTime}, told by ${source ?? 'nobody'}.` : `${zone} has no signals yet.`;
  return trouble ? `${now} ${events} The last tick failed and is tried again: ${trouble}` : `${now} ${events}`;
}
