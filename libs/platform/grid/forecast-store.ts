import { sql } from 'kysely';
import { forecastHours } from '#domain/routing/forecast';
import { FORECAST_HOURS, type ForecastRow } from '#domain/grid/forecast';
import { hoursBefore, type TimedValue } from '#domain/grid/hour-mean';
import { HOUR_MS } from '#domain/grid/simulate';
import type { Basis } from '#domain/grid/signal';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/** Hour by hour from the hour after `sourceTime`; `source` is `mean_7_days` where the source makes none of its own (W-71). */
export interface HourlyForecast {
  readonly zone: string;
  readonly kind: 'intensity' | 'price';
  readonly basis: Basis | null;
  readonly sourceTime: number;
  readonly source: string;
  readonly hourly: readonly bigint[];
  readonly override: boolean;
}

/** One issue per series and source hour; the same hour issued again (an override) is a later issue of its own. */
export async function insertForecasts(em: SqlEntityManager, forecasts: readonly HourlyForecast[], issuedAt: number): Promise<void> {
  for (const { zone, kind, basis, sourceTime, source, hourly, override } of forecasts)
    await rows(em, sql`
      insert into grid_forecasts (zone, kind, basis, source_time, issued_at, source, hourly, override)
      values (${zone}, ${kind}, ${basis ?? ''}, ${new Date(sourceTime).toISOString()}, ${new Date(issuedAt).toISOString()}, ${source}, ${hourly.map(String)}::bigint[], ${override})
      on conflict do nothing`);
}

/** A source's own rows as arrays, in the order of their hours. */
export function toHourly(zone: string, sourceTime: number, source: string, override: boolean, made: readonly ForecastRow[]): HourlyForecast[] {
  const series = new Map<string, { kind: 'intensity' | 'price'; basis: Basis | null; hourly: bigint[] }>();
  for (const { kind, basis, value, sourceTime: hour } of made) {
    if (kind !== 'intensity' && kind !== 'price') continue;
    const one = series.get(`${kind}${basis}`) ?? { kind, basis, hourly: [] };
    one.hourly[(hour - sourceTime) / HOUR_MS - 1] = value;
    series.set(`${kind}${basis}`, one);
  }
  return [...series.values()].map((one) => ({ ...one, zone, sourceTime, source, override }));
}

/** W-71: what usually is at those hours, and how far now is from it. Undefined where the week before says too little. */
export function fromLastWeek(zone: string, kind: 'intensity' | 'price', basis: Basis | null, week: readonly TimedValue[], now: TimedValue): HourlyForecast | undefined {
  const made = forecastHours({ now: Number(now.value), past: hoursBefore(week, now.sourceTime), hours: FORECAST_HOURS });
  return made ? { zone, kind, basis, sourceTime: now.sourceTime, source: 'mean_7_days', hourly: made.values.map(BigInt), override: false } : undefined;
}
