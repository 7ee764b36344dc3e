import { inBounds, type SignalKind } from '#domain/grid/signal';
import type { ForecastRow } from '#domain/grid/forecast';
import { Refusal, type GridSource, type SourceRequest, type Statement } from './source.ts';

export interface ChainTimes {
  readonly perSourceMs: number;
  readonly allMs: number;
}
/** W-37. */
export const CHAIN_TIMES: ChainTimes = Object.freeze({ perSourceMs: 5_000, allMs: 12_000 });

export interface RecordedRefusal {
  readonly source: string;
  readonly refusal: Refusal;
}

export interface ChainAnswer {
  readonly statements: readonly (Statement & { readonly source: string })[];
  /** Why each source that was asked did not answer, in order. */
  readonly refusals: readonly RecordedRefusal[];
}

/**
 * Asks the sources in order, each for the kinds that are still missing, until all are there. An answer for another interval or
 * zone is refused even if nothing else is there; a kind that nobody has stays missing and never becomes 0.
 */
export async function askChain(sources: readonly GridSource[], request: SourceRequest, times: ChainTimes = CHAIN_TIMES): Promise<ChainAnswer> {
  const statements: (Statement & { source: string })[] = [];
  const refusals: RecordedRefusal[] = [];
  const missing = new Set<SignalKind>(request.kinds);
  const all = AbortSignal.timeout(times.allMs);
  for (const source of sources) {
    if (missing.size === 0) break;
    const refuse = (refusal: Refusal) => void refusals.push({ source: source.name, refusal });
    const ask = (abort: AbortSignal) => source.fetch({ ...request, kinds: new Set(missing) }, abort);
    const answer = checkPlace(await askTwice(ask, all, times, refuse), request);
    if (answer instanceof Refusal) {
      refuse(answer);
      continue;
    }
    for (const statement of answer.filter(({ kind }) => missing.has(kind))) {
      if (typeof statement.value === 'bigint' && inBounds(statement)) statements.push({ ...statement, source: source.name });
      else refuse(new Refusal('out_of_bounds', `${statement.kind} ${statement.basis ?? statement.fuel ?? ''} of ${String(statement.value)}`));
    }
    for (const { kind } of statements) missing.delete(kind);
  }
  return { statements, refusals };
}

/** The forecast of the first source of the chain that makes one; null where none does. */
export async function askForecast(sources: readonly GridSource[], zone: string, sourceTime: number, times: ChainTimes = CHAIN_TIMES): Promise<{ source: string; rows: readonly ForecastRow[] } | null> {
  for (const source of sources) {
    if (!source.forecast) continue;
    const answer = await within((abort) => source.forecast!(zone, sourceTime, abort), AbortSignal.timeout(times.perSourceMs));
    if (!(answer instanceof Refusal)) return { source: source.name, rows: answer };
  }
  return null;
}

type Ask<T> = (abort: AbortSignal) => Promise<T | Refusal>;

/** One retry, only where the source did not say no: a time-out, a server's error, a broken connection. */
async function askTwice<T>(ask: Ask<T>, all: AbortSignal, { perSourceMs }: ChainTimes, refuse: (refusal: Refusal) => void): Promise<T | Refusal> {
  const once = () => within(ask, AbortSignal.any([all, AbortSignal.timeout(perSourceMs)]));
  const first = await once();
  if (!(first instanceof Refusal) || all.aborted || !/^(timeout|unreachable|http_5\d\d)$/.test(first.code)) return first;
  refuse(first);
  return once();
}

/** A source that does not end in time is left behind; what it says later is nobody's answer. */
async function within<T>(ask: Ask<T>, limit: AbortSignal): Promise<T | Refusal> {
  const late = new Refusal('timeout', 'no answer in time');
  if (limit.aborted) return late;
  let give: (refusal: Refusal) => void;
  const expired = new Promise<Refusal>((resolve) => (give = resolve));
  const onAbort = () => give(late);
  limit.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([ask(limit), expired]);
  } catch (error) {
    return limit.aborted ? late : new Refusal('unreachable', error instanceof Error ? error.message : String(error));
  } finally {
    limit.removeEventListener('abort', onAbort);
  }
}

function checkPlace(answer: readonly Statement[] | Refusal, { zone, interval }: SourceRequest): readonly Statement[] | Refusal {
  if (answer instanceof Refusal) return answer;
  if (answer.length === 0) return new Refusal('no_data', 'an empty answer');
  const elsewhere = answer.find((statement) => statement.zone !== zone);
  if (elsewhere) return new Refusal('wrong_zone', `asked ${zone}, answered ${elsewhere.zone}`);
  const other = answer.find(({ intervalStart, lengthS }) => intervalStart !== interval.start || lengthS !== interval.lengthS);
  if (other) return new Refusal('wrong_interval', `asked ${new Date(interval.start).toISOString()} for ${interval.lengthS} s, answered ${new Date(other.intervalStart).toISOString()} for ${other.lengthS} s`);
  return answer;
}
