import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const HOUR_MS = 3_600_000;

/** Hourly integers of one zone from `startMs` on; NaN where the source had no value. */
export interface ZoneSeries {
  readonly zone: string;
  readonly intensityMgPerKwh: Float64Array;
  readonly priceMicroUsdPerMwh: Float64Array;
}

export interface Grid {
  readonly startMs: number;
  readonly hours: number;
  readonly zones: readonly ZoneSeries[];
}

/** Reads any file with W-42's columns, plain or gzip; nothing is interpolated. */
export function readGrid(path: string): Grid {
  const raw = readFileSync(path);
  const [head = '', ...lines] = (raw[0] === 0x1f ? gunzipSync(raw) : raw).toString('utf8').trim().split('\n');
  const columns = head.trim().split(',');
  const [zoneAt, timeAt, intensityAt, priceAt] = ['zone', 'timestamp', 'carbon_intensity_g_per_kwh', 'price_usd_per_mwh'].map((name) => {
    if (!columns.includes(name)) throw new Error(`${path} has no column ${name}; it needs W-42's columns`);
    return columns.indexOf(name);
  }) as [number, number, number, number];
  const rows = lines.map((line) => line.trim().split(','));
  const times = rows.map((row) => Date.parse(row[timeAt]!));
  const startMs = times.reduce((a, b) => Math.min(a, b));
  const hours = Math.round((times.reduce((a, b) => Math.max(a, b)) - startMs) / HOUR_MS) + 1;
  const zones = new Map<string, ZoneSeries>();
  rows.forEach((row, i) => {
    const zone = row[zoneAt]!;
    if (!zones.has(zone)) zones.set(zone, { zone, intensityMgPerKwh: new Float64Array(hours).fill(NaN), priceMicroUsdPerMwh: new Float64Array(hours).fill(NaN) });
    const at = Math.round((times[i]! - startMs) / HOUR_MS);
    const series = zones.get(zone)!;
    if (row[intensityAt]) series.intensityMgPerKwh[at] = Math.round(Number(row[intensityAt]) * 1_000);
    if (row[priceAt]) series.priceMicroUsdPerMwh[at] = Math.round(Number(row[priceAt]) * 1_000_000);
  });
  return { startMs, hours, zones: [...zones.values()].sort((a, b) => (a.zone < b.zone ? -1 : 1)) };
}

/** First and last hour (exclusive) of a calendar year, or null where the file does not have all of it. */
export function yearOf(grid: Grid, year: number): { from: number; to: number } | null {
  const from = (Date.UTC(year, 0, 1) - grid.startMs) / HOUR_MS;
  const to = (Date.UTC(year + 1, 0, 1) - grid.startMs) / HOUR_MS;
  return from >= 0 && to <= grid.hours ? { from, to } : null;
}
