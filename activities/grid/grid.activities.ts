import type { Client } from '@temporalio/client';
import { duePositions, intervalOf, positionsAhead, type ClockPosition } from '#domain/grid/clock';
import { HOUR_MS } from '#domain/grid/simulate';
import { showSignal } from '#domain/grid/signal';
import { moveClock, readClock, startBefore } from '#platform/grid/clock-store';
import { nextCallEdge } from '#platform/grid/event-store';
import { missedIntervals, notYetFinal, type NewSignal } from '#platform/grid/signal-store';
import { appendPublic } from '#platform/stream/append';
import type { CycleResult, TickResult } from '#workflows/grid/zone.messages';
import { runDetection, type Detected } from './detect.ts';
import { hear, hearForecast, keep, keepForecast, type FetchDeps } from './take-interval.ts';
import { startGridZones, tellIncidents } from './zone-runs.ts';

export interface GridActivityDeps extends FetchDeps {
  readonly temporal: Client;
}

export type GridActivities = ReturnType<typeof createGridActivities>;

/** Intervals of one tick: each may wait for slow sources, and an activity has an end. */
const AT_ONCE = 8;
const FINAL_AFTER_MS = 24 * HOUR_MS;
const NOTHING: Detected = { opened: [], closed: [] };
type Stored = { readonly signals: readonly NewSignal[]; readonly detected: Detected };

/** Every method may run twice: an interval is stored once per zone, because storing it moves the zone's clock in the same transaction. */
export function createGridActivities(deps: GridActivityDeps) {
  const { database, temporal, sources } = deps;
  const { pace } = sources;
  const standing = (zone: string) => database.inSystem(async (em) => {
    const { now, position } = await readClock(em, zone);
    return { now, position: position ?? (await startBefore(em, now, pace)) };
  });

  /** Fetches an interval that the clock has not reached, stores it, moves the clock there, looks for events where asked. */
  const take = async (zone: string, position: ClockPosition, flags: readonly string[], detecting: boolean): Promise<Stored> => {
    const heard = await hear(deps, zone, position, position.sourceTime);
    const forecast = detecting ? await hearForecast(deps, heard, pace.stepS) : null;
    return database.inSystem(async (em) => {
      const clock = await readClock(em, zone, 'lock');
      if (clock.position && clock.position.intervalStart >= position.intervalStart) return { signals: [], detected: NOTHING };
      const signals = await keep(em, heard, clock.now, flags);
      await moveClock(em, zone, position, signals[0]?.source ?? 'none');
      if (!detecting) return { signals, detected: NOTHING };
      await keepForecast(em, heard, forecast, signals, clock.now);
      await tellSignal(em, zone, position, signals);
      return { signals, detected: await runDetection(em, zone, position, clock.now, pace.stepS) };
    });
  };

  /** Says again what is known of an interval that was stored before, or missed: final values, a source that came back. */
  const revise = async (zone: string, position: ClockPosition, present: number, flags: readonly string[], wanted: (signal: { quality: string }) => boolean): Promise<void> => {
    const heard = await hear(deps, zone, position, present);
    const statements = heard.answer.statements.filter(wanted);
    if (statements.length > 0) await database.inSystem(async (em) => keep(em, { ...heard, answer: { statements, refusals: [] } }, (await readClock(em, zone)).now, flags));
  };

  const mend = async (zone: string): Promise<void> => {
    const { position: at } = await standing(zone);
    const due = await database.inSystem((em) => notYetFinal(em, zone, at.sourceTime - FINAL_AFTER_MS, AT_ONCE));
    for (const past of due) await revise(zone, past, at.sourceTime, [], ({ quality }) => quality === 'final');
    const missed = await database.inSystem((em) => missedIntervals(em, zone));
    for (const start of missed.slice(0, AT_ONCE)) {
      const back = (at.intervalStart - start) / (at.lengthS * 1_000);
      await revise(zone, { intervalStart: start, lengthS: at.lengthS, sourceTime: at.sourceTime - back * pace.stepS * 1_000 }, at.sourceTime, ['late'], () => true);
    }
  };

  return {
    /** Everything that is due in a zone (W-55); nothing while its newest interval is not over. */
    async tickZone(zone: string): Promise<TickResult> {
      const { now, position } = await standing(zone);
      const due = duePositions(position, now, pace).slice(0, AT_ONCE);
      const present = intervalOf(now, pace.intervalS);
      let newest: Stored | undefined;
      for (const [i, next] of due.entries()) newest = await take(zone, next, next.intervalStart < present ? ['late'] : [], i === due.length - 1);
      if (newest && newest.signals.length > 0) await mend(zone);
      else if (!newest) await endCalls(zone);
      await tellIncidents(database, temporal, zone, pace.intervalS);
      await startGridZones(database, temporal, 'new');
      return summary(zone, newest);
    },

    /** `grid_cycle`: the next intervals now, ahead of the wall clock if need be (W-133). */
    async advanceZone(zone: string, steps: number): Promise<CycleResult> {
      const { now, position } = await standing(zone);
      const results: Stored[] = [];
      for (const next of positionsAhead(position, now, steps, pace)) {
        results.push(await take(zone, next, [], true));
        await mend(zone);
      }
      await tellIncidents(database, temporal, zone, pace.intervalS);
      return cycleOf(zone, results);
    },

    /** Reads the present interval again: an override began, a source corrected itself. New rows, and what follows from them at once. */
    async refreshZone(zone: string): Promise<CycleResult> {
      const { position } = await standing(zone);
      const heard = await hear(deps, zone, position, position.sourceTime);
      const forecast = await hearForecast(deps, heard, pace.stepS);
      const stored = await database.inSystem(async (em): Promise<Stored> => {
        const { now } = await readClock(em, zone, 'lock');
        const signals = await keep(em, heard, now, []);
        await keepForecast(em, heard, forecast, signals, now);
        await tellSignal(em, zone, position, signals);
        return { signals, detected: await runDetection(em, zone, position, now, pace.stepS) };
      });
      await tellIncidents(database, temporal, zone, pace.intervalS);
      return cycleOf(zone, [stored]);
    },
  };

  /** A tick between intervals: a call's end does not wait for the next one. */
  async function endCalls(zone: string): Promise<void> {
    const { position } = await standing(zone);
    await database.inSystem(async (em) => {
      const { now } = await readClock(em, zone, 'lock');
      await runDetection(em, zone, position, now, pace.stepS);
    });
  }

  async function summary(zone: string, newest: Stored | undefined): Promise<TickResult> {
    const { now } = await standing(zone);
    const callEdge = await database.inSystem((em) => nextCallEdge(em, zone));
    const cycle = await cycleOf(zone, newest ? [newest] : []);
    const end = Math.min(Date.parse(cycle.intervalStart) + pace.intervalS * 1_000, callEdge ?? Infinity);
    return { ...cycle, nextDueMs: Math.max(0, Math.min(end - now, pace.intervalS * 1_000)) };
  }

  async function cycleOf(zone: string, done: readonly Stored[]): Promise<CycleResult> {
    const { position } = await standing(zone);
    return {
      intervalStart: new Date(position.intervalStart).toISOString(), sourceTime: new Date(position.sourceTime).toISOString(),
      source: done.at(-1)?.signals[0]?.source ?? null,
      rows: done.reduce((sum, { signals }) => sum + signals.length, 0),
      opened: done.flatMap(({ detected }) => detected.opened), closed: done.flatMap(({ detected }) => detected.closed),
    };
  }
}

/** W-133: what an open page repaints. */
function tellSignal(em: Parameters<typeof appendPublic>[0], zone: string, { intervalStart, lengthS, sourceTime }: ClockPosition, signals: readonly NewSignal[]): Promise<void> {
  const shown = (kind: 'intensity' | 'price', basis: string | null) => signals.find((signal) => signal.kind === kind && signal.basis === basis);
  const [intensity, price] = [shown('intensity', 'average_lifecycle'), shown('price', null)];
  return appendPublic(em, 'grid.signal', {
    zone, interval_start: new Date(intervalStart).toISOString(), length_s: lengthS, source_time: new Date(sourceTime).toISOString(),
    source: intensity?.source ?? null, quality: intensity?.quality ?? null, override: intensity?.override ?? false,
    intensity_g_per_kwh: intensity ? showSignal('intensity', intensity.value) : null, price_usd_per_mwh: price ? showSignal('price', price.value) : null,
  });
}
