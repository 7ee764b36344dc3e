import { sql } from 'kysely';
import { firstPosition, type ClockPosition, type Pace } from '#domain/grid/clock';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

const POSITION = sql`(extract(epoch from interval_start) * 1000)::bigint as start_ms, length_s, (extract(epoch from source_time) * 1000)::bigint as source_ms`;
interface PositionRow {
  readonly start_ms: string;
  readonly length_s: number;
  readonly source_ms: string;
}
const toPosition = ({ start_ms, length_s, source_ms }: PositionRow): ClockPosition => ({ intervalStart: Number(start_ms), lengthS: length_s, sourceTime: Number(source_ms) });

export interface ZoneClock {
  /** The database's (R-4). */
  readonly now: number;
  readonly position: ClockPosition | null;
}

/** Where the zone stands; with `lock`, nobody else moves it until this transaction is over. */
export async function readClock(em: SqlEntityManager, zone: string, lock: 'lock' | 'look' = 'look'): Promise<ZoneClock> {
  const [row] = await rows(em, sql<PositionRow>`select ${POSITION} from grid_clock where zone = ${zone} ${lock === 'lock' ? sql`for update` : sql``}`);
  const [clock] = await rows(em, sql<{ now_ms: string }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`);
  return { now: Number(clock!.now_ms), position: row ? toPosition(row) : null };
}

/**
 * The present interval of a zone that has none yet: it shows the same source hour as the others do in that interval (W-35), also
 * when these have been stored ahead; the first zone of all begins at `first`.
 */
export async function presentLikeOthers(em: SqlEntityManager, now: number, pace: Pace, first = firstPosition(now, pace)): Promise<ClockPosition> {
  const [row] = await rows(em, sql<PositionRow>`select ${POSITION} from grid_clock order by interval_start desc limit 1`);
  if (!row) return first;
  const others = toPosition(row);
  const ahead = (others.intervalStart - first.intervalStart) / (pace.intervalS * 1_000);
  return { ...first, sourceTime: others.sourceTime - ahead * pace.stepS * 1_000 };
}

/** The position before it: a zone that stands there is due at once. */
export async function startBefore(em: SqlEntityManager, now: number, pace: Pace): Promise<ClockPosition> {
  const { intervalStart, sourceTime, lengthS } = await presentLikeOthers(em, now, pace);
  return { intervalStart: intervalStart - lengthS * 1_000, sourceTime: sourceTime - pace.stepS * 1_000, lengthS };
}

export async function moveClock(em: SqlEntityManager, zone: string, { intervalStart, lengthS, sourceTime }: ClockPosition, source: string): Promise<void> {
  await rows(em, sql`
    insert into grid_clock (zone, interval_start, length_s, source_time, source)
    values (${zone}, ${new Date(intervalStart).toISOString()}, ${lengthS}, ${new Date(sourceTime).toISOString()}, ${source})
    on conflict (zone) do update set interval_start = excluded.interval_start, length_s = excluded.length_s, source_time = excluded.source_time,
      source = excluded.source, updated_at = clock_timestamp()`);
}
