import type { Client } from '@temporalio/client';
import type { ClockPosition } from '#domain/grid/clock';
import { HOUR_MS } from '#domain/grid/simulate';
import { showSignal } from '#domain/grid/signal';
import type { SqlEntityManager } from '#platform/db/in-org';
import { moveClock, readClock, startBefore } from '#platform/grid/clock-store';
import { missedIntervals, notYetFinal, type NewSignal } from '#platform/grid/signal-store';
import { appendPublic } from '#platform/stream/append';
import { runDetection, type Detected } from './detect.ts';
import { hear, hearForecast, keep, keepForecast, type FetchDeps, type Heard } from './take-interval.ts';

export interface GridActivityDeps extends FetchDeps {
  readonly temporal: Client;
}

/** Intervals of one tick: each may wait for slow sources, and an activity has an end. */
export const AT_ONCE = 8;
const FINAL_AFTER_MS = 24 * HOUR_MS;

export interface Stored {
  readonly signals: readonly NewSignal[];
  readonly detected: Detected;
}
const NOTHING: Stored = { signals: [], detected: { opened: [], closed: [] } };

/** Where the zone stands by the database's clock; a new one just before its first interval. */
export const standing = ({ database, sources }: FetchDeps, zone: string): Promise<{ now: number; position: ClockPosition }> =>
  database.inSystem(async (em) => {
    const { now, position } = await readClock(em, zone);
    return { now, position: position ?? (await startBefore(em, now, sources.pace)) };
  });

/** Fetches an interval that the clock has not reached, stores it and moves the clock there, once, whoever else tries the same. */
export async function takeNext(deps: FetchDeps, zone: string, position: ClockPosition, flags: readonly string[], detecting: boolean): Promise<Stored> {
  const heard = await hear(deps, zone, position, position.sourceTime);
  const forecast = detecting ? await hearForecast(deps, heard) : null;
  return deps.database.inSystem(async (em) => {
    const clock = await readClock(em, zone, 'lock');
    if (clock.position && clock.position.intervalStart >= position.intervalStart) return NOTHING;
    const signals = await keep(em, heard, clock.now, flags);
    await moveClock(em, zone, position, signals[0]?.source ?? 'none');
    return detecting ? follow(em, deps, heard, forecast, signals, clock.now) : { ...NOTHING, signals };
  });
}

/** The present interval once more: new rows beside the old ones, and what follows from them at once. */
export async function takeAgain(deps: FetchDeps, zone: string): Promise<Stored> {
  const { position } = await standing(deps, zone);
  const heard = await hear(deps, zone, position, position.sourceTime);
  const forecast = await hearForecast(deps, heard);
  return deps.database.inSystem(async (em) => {
    const { now } = await readClock(em, zone, 'lock');
    return follow(em, deps, heard, forecast, await keep(em, heard, now, []), now);
  });
}

/** A look between intervals: calls begin and end at their own times. */
export async function lookAgain(deps: FetchDeps, zone: string): Promise<Stored> {
  const { position } = await standing(deps, zone);
  return deps.database.inSystem(async (em) => {
    const { now } = await readClock(em, zone, 'lock');
    return { ...NOTHING, detected: await runDetection(em, zone, position, now, deps.sources.pace.stepS) };
  });
}

async function follow(em: SqlEntityManager, { sources }: FetchDeps, heard: Heard, forecast: Awaited<ReturnType<typeof hearForecast>>, signals: readonly NewSignal[], now: number): Promise<Stored> {
  await keepForecast(em, heard, forecast, signals, now);
  await tellSignal(em, heard, signals);
  return { signals, detected: await runDetection(em, heard.zone, heard.position, now, sources.pace.stepS) };
}

/** What is better known by now: values that became final, intervals that a source had failed to answer (W-52, W-55). */
export async function mend(deps: FetchDeps, zone: string): Promise<void> {
  const { position: at } = await standing(deps, zone);
  const [due, missed] = await deps.database.inSystem(async (em) => [await notYetFinal(em, zone, at.sourceTime - FINAL_AFTER_MS, AT_ONCE), await missedIntervals(em, zone, AT_ONCE)]);
  for (const past of due) await revise(deps, zone, past, at.sourceTime, [], ({ quality }) => quality === 'final');
  for (const start of missed) {
    const back = (at.intervalStart - start) / (at.lengthS * 1_000);
    await revise(deps, zone, { intervalStart: start, lengthS: at.lengthS, sourceTime: at.sourceTime - back * deps.sources.pace.stepS * 1_000 }, at.sourceTime, ['late'], () => true);
  }
}

async function revise(deps: FetchDeps, zone: string, position: ClockPosition, present: number, flags: readonly string[], wanted: (signal: { quality: string }) => boolean): Promise<void> {
  const heard = await hear(deps, zone, position, present);
  const statements = heard.answer.statements.filter(wanted);
  if (statements.length === 0) return;
  await deps.database.inSystem(async (em) => keep(em, { ...heard, answer: { statements, refusals: [] } }, (await readClock(em, zone)).now, flags));
}

/** W-133: what an open page repaints. */
function tellSignal(em: SqlEntityManager, { zone, position: { intervalStart, lengthS, sourceTime } }: Heard, signals: readonly NewSignal[]): Promise<void> {
  const shown = (kind: 'intensity' | 'price', basis: string | null) => signals.find((signal) => signal.kind === kind && signal.basis === basis);
  const [intensity, price] = [shown('intensity', 'average_lifecycle'), shown('price', null)];
  return appendPublic(em, 'grid.signal', {
    zone, interval_start: new Date(intervalStart).toISOString(), length_s: lengthS, source_time: new Date(sourceTime).toISOString(),
    source: intensity?.source ?? null, quality: intensity?.quality ?? null, override: intensity?.override ?? false,
    intensity_g_per_kwh: intensity ? showSignal('intensity', intensity.value) : null, price_usd_per_mwh: price ? showSignal('price', price.value) : null,
  });
}
