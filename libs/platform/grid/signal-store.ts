import { sql } from 'kysely';
import type { TimedValue } from '#domain/grid/hour-mean';
import { canonicalSignal, type Basis, type SignalKind, type SignalRow } from '#domain/grid/signal';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { sha256Hex } from '#platform/signing/sha256';

export interface NewSignal extends SignalRow {
  readonly flags: readonly string[];
}

const time = (ms: number) => new Date(ms).toISOString();

/** Inserts rows in one statement. Rows are never changed: a revision is inserted beside what was said before. @returns their sha256, in order */
export async function insertSignals(em: SqlEntityManager, signals: readonly NewSignal[]): Promise<string[]> {
  const hashes = signals.map((signal) => sha256Hex(canonicalSignal(signal)));
  const column = <T>(value: (signal: NewSignal, i: number) => T) => signals.map(value);
  await rows(em, sql`
    insert into grid_signals (id, zone, kind, basis, fuel, interval_start, length_s, source_time, value, source, source_ref, issued_at, quality, override, flags, sha256)
    select id, zone, kind, basis, fuel, interval_start, length_s, source_time, value, source, source_ref, issued_at, quality, override, string_to_array(flags, ','), sha256
      from unnest(${column(() => uuidv7())}::uuid[], ${column(({ zone }) => zone)}::text[], ${column(({ kind }) => kind)}::text[], ${column(({ basis }) => basis)}::text[],
        ${column(({ fuel }) => fuel)}::text[], ${column(({ intervalStart }) => time(intervalStart))}::timestamptz[], ${column(({ lengthS }) => lengthS)}::int[],
        ${column(({ sourceTime }) => time(sourceTime))}::timestamptz[], ${column(({ value }) => value.toString())}::bigint[], ${column(({ source }) => source)}::text[],
        ${column(({ sourceRef }) => sourceRef)}::text[], ${column(({ issuedAt }) => time(issuedAt))}::timestamptz[], ${column(({ quality }) => quality)}::text[],
        ${column(({ override }) => override)}::boolean[], ${column(({ flags }) => flags.join(','))}::text[], ${hashes}::text[])
        as t (id, zone, kind, basis, fuel, interval_start, length_s, source_time, value, source, source_ref, issued_at, quality, override, flags, sha256)`);
  return hashes;
}

/** What events are measured against: a week of one series by source time, newest revisions, without what a demo control made. */
export async function weekBefore(em: SqlEntityManager, zone: string, kind: SignalKind, basis: Basis | null, sourceTime: number): Promise<TimedValue[]> {
  const found = await rows(em, sql<{ source_ms: string; value: string }>`
    select distinct on (interval_start) (extract(epoch from source_time) * 1000)::bigint as source_ms, value from grid_signals
     where zone = ${zone} and kind = ${kind} and basis is not distinct from ${basis} and fuel is null and not override
       and source_time >= ${time(sourceTime)}::timestamptz - interval '7 days' and source_time < ${time(sourceTime)}
     order by interval_start desc, issued_at desc`);
  return found.map(({ source_ms, value }) => ({ sourceTime: Number(source_ms), value: BigInt(value) }));
}

export interface StoredInterval {
  readonly intervalStart: number;
  readonly lengthS: number;
  readonly sourceTime: number;
}

/**
 * Past intervals whose newest rows are not final although their source time is `until` or earlier; newest first, so that one which
 * never becomes final keeps no other waiting; after three days they are left (W-52).
 */
export async function notYetFinal(em: SqlEntityManager, zone: string, until: number, most: number): Promise<StoredInterval[]> {
  const found = await rows(em, sql<{ start_ms: string; length_s: number; source_ms: string }>`
    select start_ms, length_s, source_ms from (
      select distinct on (interval_start) (extract(epoch from interval_start) * 1000)::bigint as start_ms, length_s,
             (extract(epoch from source_time) * 1000)::bigint as source_ms, quality
        from grid_signals
       where zone = ${zone} and kind = 'intensity' and basis = 'average_lifecycle'
         and source_time between ${time(until)}::timestamptz - interval '3 days' and ${time(until)}
       order by interval_start, issued_at desc) newest
     where quality <> 'final' order by start_ms desc limit ${most}`);
  return found.map(({ start_ms, length_s, source_ms }) => ({ intervalStart: Number(start_ms), lengthS: length_s, sourceTime: Number(source_ms) }));
}

/** Intervals of the last two days of wall time that a source failed to answer and nobody has filled since (W-55). */
export async function missedIntervals(em: SqlEntityManager, zone: string, most: number): Promise<number[]> {
  const found = await rows(em, sql<{ start_ms: string }>`
    select distinct (extract(epoch from r.interval_start) * 1000)::bigint as start_ms from grid_refusals r
     where r.zone = ${zone} and r.code <> 'no_data' and r.interval_start > now() - interval '2 days'
       and not exists (select from grid_signals s where s.zone = r.zone and s.kind = 'intensity' and s.interval_start = r.interval_start)
     order by start_ms desc limit ${most}`);
  return found.map(({ start_ms }) => Number(start_ms)).reverse();
}

/** The newest row of each series of one interval. */
export async function newestOf(em: SqlEntityManager, zone: string, intervalStart: number) {
  const found = await rows(em, sql<{ kind: SignalKind; basis: Basis | null; fuel: SignalRow['fuel']; value: string; source: string; sha256: string; flags: string[] }>`
    select distinct on (kind, basis, fuel) kind, basis, fuel, value, source, sha256, flags from grid_signals
     where zone = ${zone} and interval_start = ${time(intervalStart)}
     order by kind, basis, fuel, issued_at desc`);
  return found.map((row) => ({ ...row, value: BigInt(row.value) }));
}
