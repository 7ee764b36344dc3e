import type { Row } from '../bench.ts';

/** The nearest-rank percentile: a value that was measured, never one between two. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('nothing was measured');
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)]!;
}

export const p95 = (values: readonly number[]): number => percentile(values, 0.95);

/** A row whose figure must lie below its bar. */
export const below = (name: string, figure: number, bar: number, unit: string, detail: string): Row =>
  ({ name, figure, unit, bar: `p95 < ${bar} ${unit}`, verdict: figure < bar ? 'pass' : 'fail', detail });

/** How a set of latencies is spread, for the detail of its row. */
export const spread = (ms: readonly number[]): string => `median ${Math.round(percentile(ms, 0.5))} ms, most ${Math.round(Math.max(...ms))} ms, ${ms.length} measured`;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until the answer is there; says at the end what was awaited. */
export async function eventually<T>(what: string, withinMs: number, ask: () => Promise<T | undefined | false>, everyMs = 100): Promise<T> {
  for (const until = Date.now() + withinMs; ; await pause(everyMs)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
  }
}
