import { sql } from 'kysely';
import { carbonColor } from '#domain/grid/color';
import { showSignal, unitOf } from '#domain/grid/signal';
import { currentView } from '#platform/grid/zone-view';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { notFound } from '#platform/errors/problem';
import { toIso } from '#platform/workloads/time';

interface ZoneRow {
  readonly key: string;
  readonly name: string;
  readonly latitude: string;
  readonly longitude: string;
  readonly time_zone: string;
  readonly residency: string;
  readonly sources: readonly string[];
  readonly fallback_intensity_mg_per_kwh: string;
  readonly fallback_source: string;
  readonly fallback_year: number;
  readonly interval_start: string | null;
  readonly length_s: number | null;
  readonly source_time: string | null;
  readonly source: string | null;
  readonly open_events: readonly string[];
}

/** Zones with what they say now; one by its key, or all after a key. */
export async function readZones(em: SqlEntityManager, { key, after, take }: { readonly key?: string; readonly after?: string | undefined; readonly take: number }) {
  const found = await rows(em, sql<ZoneRow>`
    select z.key, z.name, z.latitude, z.longitude, z.time_zone, z.residency, z.sources, z.fallback_intensity_mg_per_kwh, z.fallback_source, z.fallback_year,
           c.interval_start, c.length_s, c.source_time, c.source,
           coalesce((select jsonb_agg(e.id order by e.start_at) from grid_events e where e.zone = z.key and e.open), '[]'::jsonb) as open_events
      from zones z left join grid_clock c on c.zone = z.key
     where ${key === undefined ? sql`z.key > ${after ?? ''}` : sql`z.key = ${key}`} order by z.key limit ${take}`);
  const views = new Map((await currentView(em)).map((view) => [view.zone, view]));
  return found.map((row) => {
    const { signal = null, forecast = null, shed = false } = views.get(row.key) ?? {};
    return {
      zone: row.key, name: row.name, latitude: Number(row.latitude), longitude: Number(row.longitude), time_zone: row.time_zone, residency: row.residency, sources: row.sources,
      fallback: { intensity: shown('intensity', BigInt(row.fallback_intensity_mg_per_kwh)), source: row.fallback_source, year: row.fallback_year, range_percent: 60 },
      present: row.interval_start && { interval_start: toIso(row.interval_start), length_s: row.length_s, source_time: toIso(row.source_time), source: row.source },
      signal: signal && {
        intensity: shown('intensity', signal.intensityMgPerKwh), price: shown('price', signal.priceMicroUsdPerMwh),
        source: row.source, quality: signal.quality, fresh: signal.fresh, signal_refs: signal.refs,
      },
      color: carbonColor(signal?.intensityMgPerKwh ?? null),
      forecast_hours: forecast?.intensityMgPerKwh.length ?? 0,
      shed, open_events: row.open_events,
    };
  });
}

const shown = (kind: 'intensity' | 'price', value: bigint) => ({ value: showSignal(kind, value), unit: unitOf(kind) });

/** @throws Problem 404 where there is no such zone */
export async function assertZone(em: SqlEntityManager, key: string): Promise<void> {
  if ((await rows(em, sql`select from zones where key = ${key}`)).length === 0) throw notFound();
}
