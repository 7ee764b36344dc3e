import { sql } from 'kysely';
import { hourMean } from '#domain/grid/hour-mean';
import { applyOverride, type OverrideSpec } from '#domain/grid/override';
import type { SignalValue } from '#domain/grid/signal';
import { HOUR_MS } from '#domain/grid/simulate';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { Problem, notFound } from '#platform/errors/problem';
import { uuidv7 } from '#platform/ids/uuidv7';
import { weekBefore } from './signal-store.ts';

/** An override from the zone's present interval until a wall time; it ends by itself. */
export interface NewOverride {
  readonly zone: string;
  readonly effect: OverrideSpec['effect'];
  /** Whole intervals, the present one included. */
  readonly intervals: number;
}

/**
 * Steers a simulated zone (W-133, W-134). It changes no signal, event or workload: the zone's run reads the present interval
 * again (update `refresh` of grid-zone/{zone}) and finds out by itself what follows.
 * @throws Problem `not-simulated`, `not-found`
 */
export async function createOverride(em: SqlEntityManager, { zone, effect, intervals }: NewOverride): Promise<{ id: string }> {
  const [clock] = await rows(em, sql<{ source: string; start_ms: string; length_s: number; source_ms: string }>`
    select source, (extract(epoch from interval_start) * 1000)::bigint as start_ms, length_s, (extract(epoch from source_time) * 1000)::bigint as source_ms from grid_clock where zone = ${zone}`);
  if (!clock) throw notFound();
  if (clock.source !== 'simulated') throw new Problem('not-simulated', `${zone} has signals of ${clock.source}; only a simulated grid can be steered. Set GRID_SOURCES=simulated for it.`);
  const from = Number(clock.start_ms);
  const spec: OverrideSpec = effect === 'surplus' ? { effect } : { effect, floor_mg_per_kwh: (await spikeFloor(em, zone, Number(clock.source_ms), intervals)).toString() };
  const id = uuidv7();
  await rows(em, sql`
    insert into grid_overrides (id, zone, from_interval, until_interval, spec)
    values (${id}, ${zone}, ${new Date(from).toISOString()}, ${new Date(from + intervals * clock.length_s * 1_000).toISOString()}, ${JSON.stringify(spec)}::jsonb)`);
  return { id };
}

/** 1.5 × the highest mean of the hours to come, so that W-52's own rule (1.30 ×) sees the spike in each of them, also from a clean hour. */
async function spikeFloor(em: SqlEntityManager, zone: string, sourceTime: number, intervals: number): Promise<bigint> {
  const week = await weekBefore(em, zone, 'intensity', 'average_lifecycle', sourceTime);
  const means = Array.from({ length: Math.min(intervals, 24) }, (_, i) => hourMean(week, sourceTime + i * HOUR_MS) ?? 0n);
  return (means.reduce((a, b) => (b > a ? b : a), 0n) * 3n) / 2n;
}

export interface ActiveOverride {
  readonly from: number;
  readonly until: number;
  readonly spec: OverrideSpec;
}

/** Overrides that reach `from` or later, in the order they were made. */
export const overridesOf = async (em: SqlEntityManager, zone: string, from: number): Promise<ActiveOverride[]> =>
  (await rows(em, sql<{ from_ms: string; until_ms: string; spec: OverrideSpec }>`
    select (extract(epoch from from_interval) * 1000)::bigint as from_ms, (extract(epoch from until_interval) * 1000)::bigint as until_ms, spec
      from grid_overrides where zone = ${zone} and until_interval > ${new Date(from).toISOString()} order by created_at, id`))
    .map(({ from_ms, until_ms, spec }) => ({ from: Number(from_ms), until: Number(until_ms), spec }));

/** What all overrides of an interval make of its values; `touched` says whether there was one. */
export function overridden<V extends SignalValue>(values: readonly V[], overrides: readonly ActiveOverride[], intervalStart: number): { values: readonly V[]; touched: boolean } {
  const active = overrides.filter(({ from, until }) => from <= intervalStart && intervalStart < until);
  return { values: active.reduce<readonly V[]>((made, { spec }) => applyOverride(made, spec), values), touched: active.length > 0 };
}
