import { sql } from 'kysely';
import type { ClockPosition } from '#domain/grid/clock';
import { weekMean } from '#domain/grid/hour-mean';
import { isJump } from '#domain/grid/jump';
import { seriesKey, SIGNAL_KINDS, type SignalKind } from '#domain/grid/signal';
import { rows, type Database, type SqlEntityManager } from '#platform/db/in-org';
import { askChain, askForecast, type ChainAnswer, type ChainTimes } from '#platform/grid/chain';
import { fromLastWeek, insertForecasts, toHourly, type HourlyForecast } from '#platform/grid/forecast-store';
import { chainOf, type GridSources } from '#platform/grid/make-sources';
import { overridden, overridesOf, type ActiveOverride } from '#platform/grid/override-store';
import { insertSignals, newestOf, weekBefore, type NewSignal } from '#platform/grid/signal-store';
import type { GridSource } from '#platform/grid/source';

export interface FetchDeps {
  readonly database: Database;
  readonly sources: GridSources;
  /** W-37's time-outs; tests pass shorter ones. */
  readonly times?: ChainTimes;
}

/** What was heard of one interval, before any of it is stored: no transaction is open while sources are asked. */
export interface Heard {
  readonly zone: string;
  readonly position: ClockPosition;
  readonly chain: readonly GridSource[];
  readonly answer: ChainAnswer;
  readonly overrides: readonly ActiveOverride[];
}

const KINDS: ReadonlySet<SignalKind> = new Set(SIGNAL_KINDS);

/** Asks the zone's chain for an interval. `present` is the zone's newest source time: what is long past may be final. */
export async function hear({ database, sources, times }: FetchDeps, zone: string, position: ClockPosition, present: number): Promise<Heard> {
  const { names, overrides } = await database.inSystem(async (em) => {
    const [row] = await rows(em, sql<{ sources: string[] }>`select sources from zones where key = ${zone}`);
    return { names: row?.sources ?? [], overrides: await overridesOf(em, zone, position.intervalStart) };
  });
  const chain = chainOf(sources.byName, names);
  const { intervalStart, lengthS, sourceTime } = position;
  const answer = await askChain(chain, { zone, kinds: KINDS, interval: { start: intervalStart, lengthS, sourceTime }, present }, times);
  return { zone, position, chain, answer, overrides };
}

/** Stores what was heard: rows and refusals. @returns the rows, none where no source had anything */
export async function keep(em: SqlEntityManager, { zone, position, answer, overrides }: Heard, now: number, flags: readonly string[]): Promise<NewSignal[]> {
  for (const { source, refusal } of answer.refusals)
    await rows(em, sql`insert into grid_refusals (zone, interval_start, source, code, detail)
                       values (${zone}, ${new Date(position.intervalStart).toISOString()}, ${source}, ${refusal.code}, ${refusal.detail.slice(0, 500)})`);
  const steered = answer.statements.filter(({ source }) => source === 'simulated');
  const { values, touched } = overridden(steered, overrides, position.intervalStart);
  const others = answer.statements.filter(({ source }) => source !== 'simulated');
  const signals: NewSignal[] = [
    ...values.map((value) => ({ ...value, issuedAt: now, override: touched, flags })),
    ...(await doubted(em, zone, position, others.map((value) => ({ ...value, issuedAt: now, override: false, flags })))),
  ];
  if (signals.length > 0) await insertSignals(em, signals);
  return signals;
}

/** W-38: intensity and price that jump are `estimated` until the next interval agrees. A model does not jump, so simulated rows are not asked. */
async function doubted(em: SqlEntityManager, zone: string, { intervalStart, lengthS, sourceTime }: ClockPosition, signals: readonly NewSignal[]): Promise<NewSignal[]> {
  const asked = signals.filter(({ kind }) => kind === 'intensity' || kind === 'price');
  if (asked.length === 0) return [...signals];
  const before = await newestOf(em, zone, intervalStart - lengthS * 1_000);
  const jumps = new Set<NewSignal>();
  for (const signal of asked) {
    const last = before.find((row) => seriesKey(row) === seriesKey(signal));
    const mean = weekMean(await weekBefore(em, zone, signal.kind, signal.basis, sourceTime), sourceTime);
    if (isJump(signal.value, mean, last?.flags.includes('jump') ? last.value : null)) jumps.add(signal);
  }
  return signals.map((signal) => (jumps.has(signal) ? { ...signal, quality: 'estimated', flags: [...signal.flags, 'jump'] } : signal));
}

/** The next 72 hours: the source's own, steered like the rows, else by the last week (W-52, W-71). */
export async function hearForecast({ times, sources: { pace } }: FetchDeps, { zone, position, chain, overrides }: Heard) {
  const own = await askForecast(chain, zone, position.sourceTime, times);
  if (!own) return null;
  const intervalOfHour = (sourceTime: number) => position.intervalStart + ((sourceTime - position.sourceTime) / (pace.stepS * 1_000)) * position.lengthS * 1_000;
  const simulated = own.source === 'simulated';
  const steered = own.rows.map((row) => (simulated ? overridden([row], overrides, intervalOfHour(row.sourceTime)) : { values: [row], touched: false }));
  return toHourly(zone, position.sourceTime, own.source, steered.some(({ touched }) => touched), steered.flatMap(({ values }) => values));
}

export async function keepForecast(em: SqlEntityManager, { zone, position }: Heard, own: readonly HourlyForecast[] | null, signals: readonly NewSignal[], now: number): Promise<void> {
  if (own) return insertForecasts(em, own, now);
  const made: HourlyForecast[] = [];
  for (const [kind, basis] of [['intensity', 'average_lifecycle'], ['price', null]] as const) {
    const present = signals.find((signal) => signal.kind === kind && signal.basis === basis);
    const forecast = present && fromLastWeek(zone, kind, basis, await weekBefore(em, zone, kind, basis, position.sourceTime), present);
    if (forecast) made.push(forecast);
  }
  return insertForecasts(em, made, now);
}
