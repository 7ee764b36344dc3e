import { sql } from 'kysely';
import { showSignal, unitOf, type SignalKind } from '#domain/grid/signal';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { overridesOf } from '#platform/grid/override-store';
import { toIso } from '#platform/workloads/time';
import type { ListSignals } from './grid.schemas.ts';

interface SignalRow {
  readonly id: string;
  readonly zone: string;
  readonly kind: SignalKind;
  readonly basis: string | null;
  readonly fuel: string | null;
  readonly interval_start: string;
  readonly length_s: number;
  readonly source_time: string;
  readonly value: string;
  readonly source: string;
  readonly source_ref: string | null;
  readonly issued_at: string;
  readonly fetched_at: string;
  readonly quality: string;
  readonly override: boolean;
  readonly flags: readonly string[];
  readonly sha256: string;
}

/** Every revision in the order of its interval; with `as_of`, of each series the one that was in force then. */
export async function listSignals(em: SqlEntityManager, zone: string, { kind, basis, from, to, as_of }: ListSignals, after: readonly string[] | undefined, take: number) {
  const wanted = sql`zone = ${zone} ${kind ? sql`and kind = ${kind}` : sql``} ${basis ? sql`and basis = ${basis}` : sql``}
    ${from ? sql`and interval_start >= ${from}::timestamptz` : sql``} ${to ? sql`and interval_start < ${to}::timestamptz` : sql``}`;
  const known = as_of
    ? sql`(select distinct on (interval_start, kind, basis, fuel) * from grid_signals where ${wanted} and issued_at <= ${as_of}::timestamptz order by interval_start, kind, basis, fuel, issued_at desc)`
    : sql`(select * from grid_signals where ${wanted})`;
  return rows(em, sql<SignalRow>`
    select id, zone, kind, basis, fuel, interval_start, length_s, source_time, value, source, source_ref, issued_at, fetched_at, quality, override, flags, sha256
      from ${known} s
     where ${after ? sql`(interval_start, issued_at, id) > (${after[0]}::timestamptz, ${after[1]}::timestamptz, ${after[2]}::uuid)` : sql`true`}
     order by interval_start, issued_at, id limit ${take}`);
}

export const toApiSignal = ({ basis, fuel, value, override, ...row }: SignalRow) => ({
  ...row,
  ...(basis !== null && { basis }),
  ...(fuel !== null && { fuel }),
  interval_start: toIso(row.interval_start), source_time: toIso(row.source_time), issued_at: toIso(row.issued_at), fetched_at: toIso(row.fetched_at),
  value: showSignal(row.kind, BigInt(value)), unit: unitOf(row.kind),
  ...(override && { override }),
});

interface IssueRow {
  readonly kind: 'intensity' | 'price';
  readonly basis: string;
  readonly source_ms: string;
  readonly issued_at: string;
  readonly source: string;
  readonly hourly: readonly string[];
  readonly override: boolean;
}

const HOUR_MS = 3_600_000;

/** The newest issue of each series, hour by hour; hours that a demo control steers say so. */
export async function readForecast(em: SqlEntityManager, zone: string) {
  const issues = await rows(em, sql<IssueRow>`
    select distinct on (kind, basis) kind, basis, (extract(epoch from source_time) * 1000)::bigint as source_ms, issued_at, source, hourly::text[] as hourly, override
      from grid_forecasts where zone = ${zone} order by kind, basis, source_time desc, issued_at desc`);
  const steered = issues.some(({ override }) => override) ? await steeredHours(em, zone) : () => false;
  const data = issues.flatMap(({ kind, basis, source_ms, source, hourly }) => hourly.map((value, i) => {
    const at = Number(source_ms) + (i + 1) * HOUR_MS;
    return { kind, ...(kind === 'intensity' && { basis }), source_time: new Date(at).toISOString(), value: showSignal(kind, BigInt(value)), unit: unitOf(kind), source, ...(steered(at) && { override: true }) };
  }));
  return { zone, issued_at: toIso(issues[0]?.issued_at ?? null), data };
}

/** Overrides cover wall intervals; how much source time one shows is seen in the two newest. */
async function steeredHours(em: SqlEntityManager, zone: string): Promise<(sourceTime: number) => boolean> {
  const [now, before] = await rows(em, sql<{ start_ms: string; source_ms: string }>`
    select distinct (extract(epoch from interval_start) * 1000)::bigint as start_ms, (extract(epoch from source_time) * 1000)::bigint as source_ms
      from grid_signals where zone = ${zone} and kind = 'price' order by start_ms desc limit 2`);
  if (!now || !before) return () => false;
  const wallPerSource = (Number(now.start_ms) - Number(before.start_ms)) / (Number(now.source_ms) - Number(before.source_ms));
  const overrides = await overridesOf(em, zone, Number(now.start_ms));
  return (sourceTime) => {
    const start = Number(now.start_ms) + (sourceTime - Number(now.source_ms)) * wallPerSource;
    return overrides.some(({ from, until }) => from <= start && start < until);
  };
}
