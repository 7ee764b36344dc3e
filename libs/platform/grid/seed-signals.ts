import { sql } from 'kysely';
import { firstPosition, type ClockPosition } from '#domain/grid/clock';
import { HOUR_MS } from '#domain/grid/simulate';
import { SIGNAL_KINDS, type SignalKind } from '#domain/grid/signal';
import { rows, type Database } from '#platform/db/in-org';
import { askChain, askForecast } from './chain.ts';
import { moveClock, presentLikeOthers, readClock } from './clock-store.ts';
import { fromLastWeek, insertForecasts, toHourly, type HourlyForecast } from './forecast-store.ts';
import { chainOf, type GridSources } from './make-sources.ts';
import { insertSignals, type NewSignal } from './signal-store.ts';
import type { GridSource } from './source.ts';

const HOURS = 168;
const KINDS: ReadonlySet<SignalKind> = new Set(SIGNAL_KINDS);
/** Sources that speak of any hour at once and ask nobody. */
const LOCAL = ['simulated', 'replay'];

/**
 * W-6: the 168 source hours before the present one, and the present one, of each zone that has no signals yet. Intervals are
 * wall time going backwards (WD-11); hours a day old are final, younger ones as their source first said them.
 */
export async function seedSignals({ inSystem }: Database, sources: GridSources): Promise<void> {
  const zones = await inSystem((em) => rows(em, sql<{ key: string; sources: string[] }>`select key, sources from zones where not exists (select from grid_clock c where c.zone = zones.key) order by key`));
  if (zones.length === 0) return;
  // One present for all: a boundary may pass while they are seeded.
  const { now, present } = await inSystem(async (em) => {
    const { now } = await readClock(em, zones[0]!.key);
    return { now, present: await presentLikeOthers(em, now, sources.pace, firstPresent(now, sources)) };
  });
  for (const { key, sources: names } of zones) {
    const chain = chainOf(sources.byName, names.filter((name) => LOCAL.includes(name)));
    const signals = (await Promise.all(positionsUntil(present, sources).map((position) => hourOf(chain, key, position, present)))).flat();
    const forecasts = await forecastsOf(chain, key, present, signals);
    await inSystem(async (em) => {
      if ((await readClock(em, key)).position) return;
      if (signals.length > 0) await insertSignals(em, signals);
      await insertForecasts(em, forecasts, now);
      await moveClock(em, key, present, signals.at(-1)?.source ?? 'none');
    });
  }
}

/** A replay begins where a week lies before it, if the file has one; else as soon after its start as it does. */
function firstPresent(now: number, { pace, replayFirstHour }: GridSources): ClockPosition {
  const at = firstPosition(now, pace);
  if (!pace.replay || replayFirstHour === undefined) return at;
  const weekIn = Math.min(replayFirstHour + HOURS * HOUR_MS, pace.replay.lastHour);
  return { ...at, sourceTime: Math.max(at.sourceTime, weekIn) };
}

function positionsUntil(present: ClockPosition, { pace }: GridSources): ClockPosition[] {
  const steps = Math.max(HOURS, Math.ceil((HOURS * HOUR_MS) / (pace.stepS * 1_000)));
  return Array.from({ length: steps + 1 }, (_, i) => steps - i).map((back) => ({
    ...present,
    intervalStart: present.intervalStart - back * pace.intervalS * 1_000,
    sourceTime: present.sourceTime - back * pace.stepS * 1_000,
  }));
}

async function hourOf(chain: readonly GridSource[], zone: string, { intervalStart, lengthS, sourceTime }: ClockPosition, present: ClockPosition): Promise<NewSignal[]> {
  const { statements } = await askChain(chain, { zone, kinds: KINDS, interval: { start: intervalStart, lengthS, sourceTime }, present: present.sourceTime });
  // A final row was said a source day after its hour, and not later than now.
  const finalAt = intervalStart + ((24 * HOUR_MS) / Math.max(1, present.sourceTime - sourceTime)) * (present.intervalStart - intervalStart);
  return statements.map((statement) => ({ ...statement, issuedAt: statement.quality === 'final' ? Math.min(Math.round(finalAt), present.intervalStart) : intervalStart, override: false, flags: [] }));
}

async function forecastsOf(chain: readonly GridSource[], zone: string, { sourceTime }: ClockPosition, signals: readonly NewSignal[]): Promise<HourlyForecast[]> {
  const own = await askForecast(chain, zone, sourceTime);
  if (own) return toHourly(zone, sourceTime, own.source, false, own.rows);
  return ([['intensity', 'average_lifecycle'], ['price', null]] as const).flatMap(([kind, basis]) => {
    const series = signals.filter((signal) => signal.kind === kind && signal.basis === basis);
    const now = series.find((signal) => signal.sourceTime === sourceTime);
    return now ? (fromLastWeek(zone, kind, basis, series.filter((signal) => signal !== now), now) ?? []) : [];
  });
}
