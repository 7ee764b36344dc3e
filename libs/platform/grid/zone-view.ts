import { sql } from 'kysely';
import { isFresh, usableSignal, type Usable } from '#domain/grid/freshness';
import { HOUR_MS } from '#domain/grid/simulate';
import { mgPerKwh, microUsdPerMwh } from '#domain/quantities/quantities';
import type { ZoneForecast, ZoneSignal, ZoneView } from '#domain/routing/types';
import type { Basis, ForecastOrigin, Quality, Region } from '#domain/routing/words';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

const FORECAST_VALID_MS = 6 * HOUR_MS;
/** Far more than a row can be fresh for. Bound as values, they leave one or two of the months' partitions to plan and to look into. */
const NEAR_MS = 48 * HOUR_MS;
const WORST_FIRST: readonly Quality[] = ['fallback', 'estimated', 'preliminary', 'final'];

interface Newest {
  readonly value: string;
  readonly ended_ms: string;
  readonly length_s: number;
  readonly quality: Quality;
  readonly sha256: string;
}

interface Issue {
  readonly source_ms: string;
  readonly source: string;
  /** Integers with commas between: cheaper to write and to read than seventy texts of a JSON array. */
  readonly hourly: string;
}

interface ZoneRow {
  readonly zone: string;
  readonly residency: Region;
  readonly yearly_mean: string;
  readonly now_ms: string;
  readonly present_ms: string | null;
  readonly shed: boolean;
  readonly intensity: Newest | null;
  readonly price: Newest | null;
  readonly intensity_forecast: Issue | null;
  readonly price_forecast: Issue | null;
  readonly intensity_foreseen: Foreseen | null;
  readonly price_foreseen: Foreseen | null;
}

/** What was said of the present hour before it began. */
interface Foreseen {
  readonly source_ms: string;
  readonly value: string | null;
}

/**
 * Every zone as routing sees it: the newest rows (W-41's order of substitutes where they are not fresh), the forecast from the
 * next hour on, and whether a `shed` is open. One query, so that a decision sees one state of the grid; runs in any transaction.
 */
export async function currentView(em: SqlEntityManager, basis: Basis = 'average_lifecycle'): Promise<ZoneView[]> {
  const [since, until] = [-NEAR_MS, NEAR_MS].map((ms) => new Date(Date.now() + ms).toISOString());
  const newest = (kind: 'intensity' | 'price', of: Basis | null) => sql`
    (select jsonb_build_object('value', value::text, 'ended_ms', (extract(epoch from interval_start) * 1000)::bigint + length_s * 1000, 'length_s', length_s, 'quality', quality, 'sha256', sha256)
       from grid_signals where zone = z.key and kind = ${kind} and basis is not distinct from ${of} and fuel is null
        and interval_start between ${since}::timestamptz and ${until}::timestamptz order by interval_start desc, issued_at desc limit 1)`;
  const issue = (kind: 'intensity' | 'price', of: string) => sql`
    (select jsonb_build_object('source_ms', (extract(epoch from source_time) * 1000)::bigint, 'source', source, 'hourly', array_to_string(hourly, ','))
       from grid_forecasts where zone = z.key and kind = ${kind} and basis = ${of} order by source_time desc, issued_at desc limit 1)`;
  const foreseen = (kind: 'intensity' | 'price', of: string) => sql`
    (select jsonb_build_object('source_ms', (extract(epoch from source_time) * 1000)::bigint, 'value', hourly[(extract(epoch from c.source_time - source_time) / 3600)::int]::text)
       from grid_forecasts where zone = z.key and kind = ${kind} and basis = ${of} and source_time < c.source_time order by source_time desc, issued_at desc limit 1)`;
  const found = await rows(em, sql<ZoneRow>`
    select z.key as zone, z.residency, z.fallback_intensity_mg_per_kwh as yearly_mean, (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
           (extract(epoch from c.source_time) * 1000)::bigint as present_ms,
           exists (select from grid_events e where e.zone = z.key and e.kind = 'shed' and e.open) as shed,
           ${newest('intensity', basis)} as intensity, ${newest('price', null)} as price,
           ${issue('intensity', basis)} as intensity_forecast, ${issue('price', '')} as price_forecast,
           ${foreseen('intensity', basis)} as intensity_foreseen, ${foreseen('price', '')} as price_foreseen
      from zones z left join grid_clock c on c.zone = z.key order by z.key`);
  return found.map((row) => toView(row, basis));
}

function toView(row: ZoneRow, basis: Basis): ZoneView {
  const now = Number(row.now_ms);
  const present = Number(row.present_ms ?? now);
  // The published mean is an average over the life cycle; for another basis nothing is published.
  const yearlyMean = basis === 'average_lifecycle' ? BigInt(row.yearly_mean) : null;
  const intensity = usable(row.intensity, row.intensity_foreseen, yearlyMean, now, present);
  const price = usable(row.price, row.price_foreseen, null, now, present);
  return { zone: row.zone, region: row.residency, signal: signalOf(intensity, price, row), forecast: forecastOf(row, present), shed: row.shed };
}

function usable(newest: Newest | null, foreseen: Foreseen | null, yearlyMean: bigint | null, now: number, present: number): Usable | null {
  const row = newest && isFresh(Number(newest.ended_ms), now, newest.length_s * 1_000) ? { value: BigInt(newest.value), quality: newest.quality } : null;
  const forecast = foreseen?.value ? { value: BigInt(foreseen.value), issuedAt: Number(foreseen.source_ms) } : null;
  return usableSignal({ row, forecast, yearlyMean }, present);
}

function signalOf(intensity: Usable | null, price: Usable | null, row: ZoneRow): ZoneSignal | null {
  if (!intensity || !price) return null;
  const refs = [intensity.from === 'row' ? row.intensity!.sha256 : null, price.from === 'row' ? row.price!.sha256 : null];
  return {
    intensityMgPerKwh: mgPerKwh(intensity.value),
    priceMicroUsdPerMwh: microUsdPerMwh(price.value),
    refs: refs.filter((ref) => ref !== null),
    quality: WORST_FIRST.find((quality) => quality === intensity.quality || quality === price.quality)!,
    fresh: intensity.from === 'row' && price.from === 'row',
  };
}

/** From the hour after the present one; an older issue is shifted, one of more than 6 source hours is no forecast any more. */
function forecastOf({ intensity_forecast: intensity, price_forecast: price }: ZoneRow, present: number): ZoneForecast | null {
  const ahead = (issue: Issue | null) => {
    const age = issue ? present - Number(issue.source_ms) : Infinity;
    return age >= 0 && age <= FORECAST_VALID_MS ? numbersOf(issue!.hourly).slice(Math.floor(age / HOUR_MS)) : [];
  };
  const [grams, usd] = [ahead(intensity), ahead(price)];
  if (grams.length === 0 || usd.length === 0) return null;
  return { intensityMgPerKwh: grams, priceMicroUsdPerMwh: usd, origin: { intensity: originOf(intensity!), price: originOf(price!) } };
}

const numbersOf = (text: string): number[] => (text === '' ? [] : text.split(',').map(Number));
const originOf = ({ source }: Issue): ForecastOrigin => (source === 'mean_7_days' ? 'mean_7_days' : 'source');
