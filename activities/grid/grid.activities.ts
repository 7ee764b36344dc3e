import { duePositions, intervalOf, positionsAhead } from '#domain/grid/clock';
import { nextCallEdge } from '#platform/grid/event-store';
import type { CycleResult, TickResult } from '#workflows/grid/zone.messages';
import { AT_ONCE, lookAgain, mend, standing, takeAgain, takeNext, type GridActivityDeps, type Stored } from './interval-steps.ts';
import { startGridZones, tellIncidents } from './zone-runs.ts';

export type GridActivities = ReturnType<typeof createGridActivities>;

/** Every method may run twice: an interval is stored once per zone, because storing it moves the zone's clock in the same transaction. */
export function createGridActivities(deps: GridActivityDeps) {
  const { database, temporal, sources } = deps;
  const { pace } = sources;
  const told = async (zone: string, stored: readonly Stored[]): Promise<CycleResult> => {
    await tellIncidents(database, temporal, zone, pace.intervalS);
    return resultOf(deps, zone, stored);
  };

  return {
    /** Everything that is due in a zone (W-55); between intervals, only what was called. */
    async tickZone(zone: string): Promise<TickResult> {
      const { now, position } = await standing(deps, zone);
      const due = duePositions(position, now, pace).slice(0, AT_ONCE);
      const present = intervalOf(now, pace.intervalS);
      let newest: Stored | undefined;
      for (const [i, next] of due.entries()) newest = await takeNext(deps, zone, next, next.intervalStart < present ? ['late'] : [], i === due.length - 1);
      newest ??= await lookAgain(deps, zone);
      if (newest.signals.length > 0) await mend(deps, zone);
      await startGridZones(database, temporal, 'new');
      const result = await told(zone, [newest]);
      return { ...result, nextDueMs: await untilNext(deps, zone, result) };
    },

    /** `grid_cycle`: the next intervals now, ahead of the wall clock if need be (W-133). */
    async advanceZone(zone: string, steps: number): Promise<CycleResult> {
      const { now, position } = await standing(deps, zone);
      const stored: Stored[] = [];
      for (const next of positionsAhead(position, now, steps, pace)) {
        stored.push(await takeNext(deps, zone, next, [], true));
        await mend(deps, zone);
      }
      return told(zone, stored);
    },

    /** Reads the present interval again: an override began, a source corrected itself. */
    async refreshZone(zone: string): Promise<CycleResult> {
      return told(zone, [await takeAgain(deps, zone)]);
    },
  };
}

async function resultOf(deps: GridActivityDeps, zone: string, stored: readonly Stored[]): Promise<CycleResult> {
  const { position } = await standing(deps, zone);
  return {
    intervalStart: new Date(position.intervalStart).toISOString(), sourceTime: new Date(position.sourceTime).toISOString(),
    source: stored.at(-1)?.signals[0]?.source ?? null,
    rows: stored.reduce((sum, { signals }) => sum + signals.length, 0),
    opened: stored.flatMap(({ detected }) => detected.opened), closed: stored.flatMap(({ detected }) => detected.closed),
  };
}

/** Wall milliseconds until the newest interval is over or a call begins or ends; an interval at most. */
async function untilNext(deps: GridActivityDeps, zone: string, { intervalStart }: CycleResult): Promise<number> {
  const { now, position } = await standing(deps, zone);
  const callEdge = await deps.database.inSystem((em) => nextCallEdge(em, zone));
  const end = Math.min(Date.parse(intervalStart) + position.lengthS * 1_000, callEdge ?? Infinity);
  return Math.max(0, Math.min(end - now, deps.sources.pace.intervalS * 1_000));
}
