import type { Client } from '@temporalio/client';
import { sql } from 'kysely';
import { createGridActivities } from '#activities/grid/grid.activities';
import { GRID_ZONES } from '#domain/grid/zones';
import { rows } from '#platform/db/in-org';
import type { GridSources } from '#platform/grid/make-sources';
import { createSimulatedSource } from '#platform/grid/simulated';
import { Refusal, type GridSource, type SourceRequest } from '#platform/grid/source';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { fromCalmHour } from '../support/model-grid.ts';

/** Intervals so long that no test crosses a boundary by accident; the clock is turned back instead. */
export const INTERVAL_S = 600;

export async function zonesIn(database: FreshDatabase, sources: readonly string[], keys: readonly string[] = GRID_ZONES.map(({ zone }) => zone)): Promise<void> {
  await database.inSystem(async (em) => {
    for (const zone of GRID_ZONES.filter((one) => keys.includes(one.zone)))
      await rows(em, sql`
        insert into zones (key, name, latitude, longitude, time_zone, residency, sources, installed_wind_solar_kw, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
        values (${zone.zone}, ${zone.name}, ${zone.latitude}, ${zone.longitude}, ${zone.timeZone}, ${zone.residency}, ${JSON.stringify(sources)}::jsonb,
                ${zone.installedKw}, ${zone.fallback.intensity}, ${zone.fallback.source}, ${zone.fallback.year}) on conflict do nothing`);
  });
}

/** A source that can be switched off and on, in front of the simulated one's figures. */
export function switchable(seed = 1): GridSource & { down: boolean } {
  const inner = createSimulatedSource(seed);
  const source = {
    name: 'switchable',
    down: false,
    fetch: (request: SourceRequest, abort: AbortSignal) => (source.down ? Promise.resolve(new Refusal('http_404', 'switched off')) : inner.fetch(request, abort)),
    forecast: (zone: string, sourceTime: number, abort: AbortSignal) => (source.down ? Promise.resolve(new Refusal('http_404', 'switched off')) : inner.forecast!(zone, sourceTime, abort)),
  };
  return source;
}

export const sourcesOf = (...sources: readonly GridSource[]): GridSources => fromCalmHour({ byName: new Map(sources.map((source) => [source.name, source])), pace: { intervalS: INTERVAL_S, stepS: 3_600 }, ignoredColumns: [] });

/** Stands where Temporal would: remembers which runs were started and what they were told. */
export function recordingClient() {
  const started: string[] = [];
  const told: string[] = [];
  const workflow = {
    start: async (_type: string, { workflowId }: { workflowId: string }) => {
      started.push(workflowId);
      return { signal: async ({ name }: { name: string }, payload?: object) => void told.push(`${workflowId} ${name}${payload ? ` ${JSON.stringify(payload)}` : ''}`) };
    },
  };
  return { client: { workflow } as unknown as Client, started, told };
}

export async function gridWorld(sources: GridSources, names: readonly string[], keys?: readonly string[]) {
  const database = await freshDatabase();
  await zonesIn(database, names, keys);
  const { client, started, told } = recordingClient();
  const grid = createGridActivities({ database, sources, temporal: client });
  /** The wall clock moves on by whole intervals: everything the zones have stored becomes that much older. */
  const later = (intervals: number) => query(database.ownerUrl, `
    alter table grid_signals disable trigger append_only;
    update grid_signals set interval_start = interval_start - interval '${intervals * INTERVAL_S} seconds';
    update grid_refusals set interval_start = interval_start - interval '${intervals * INTERVAL_S} seconds';
    update grid_overrides set from_interval = from_interval - interval '${intervals * INTERVAL_S} seconds', until_interval = until_interval - interval '${intervals * INTERVAL_S} seconds';
    update grid_clock set interval_start = interval_start - interval '${intervals * INTERVAL_S} seconds';
    alter table grid_signals enable trigger append_only;`);
  const all = <T extends object>(text: string, values: readonly unknown[] = []) => query<T>(database.superuserUrl, text, values);
  return { database, grid, started, told, later, all, close: () => database.close() };
}

export type GridWorld = Awaited<ReturnType<typeof gridWorld>>;
