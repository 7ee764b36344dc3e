import type { Bill, JobResult } from './run.ts';

const WEEK_H = 168;

export interface Summary {
  readonly jobs: number;
  /** Shares of the clairvoyant saving over staying at home, 0–1. */
  readonly share: number;
  readonly shareInterval: readonly [number, number];
  readonly placeOnceShare: number;
  readonly kilograms: Sides;
  readonly usd: Sides;
  readonly movesPerDay: number;
  /** Energy of moves ÷ energy of work. */
  readonly moveEnergy: number;
  /** Jobs that cost more of the objective than staying at home, and than being placed once. */
  readonly losses: number;
  readonly lossesToPlaceOnce: number;
  /** The worst calendar month of 1 − routed ÷ place-once. */
  readonly worstMonth: number;
}

export interface Sides {
  readonly routed: number;
  readonly placeOnce: number;
  readonly stay: number;
  readonly clairvoyant: number;
}

/** A year's jobs in one row; the interval is over whole weeks, because hours and jobs of a week are not independent. */
export function summarise(results: readonly JobResult[], hours: number, monthOf: (start: number) => number): Summary {
  const weeks = groups(results, ({ start }) => Math.floor(start / WEEK_H));
  const months = groups(results, ({ start }) => monthOf(start));
  const moves = total(results, ({ routed }) => routed.moves);
  const sides = (read: (bill: Bill) => number): Sides => ({
    routed: total(results, (one) => read(one.routed)), placeOnce: total(results, (one) => read(one.placeOnce)), stay: total(results, (one) => read(one.stay)),
    clairvoyant: total(results, (one) => read(one.clairvoyant)),
  });
  return {
    jobs: results.length, share: shareOf(results, 'routed'), shareInterval: weekly(weeks), placeOnceShare: shareOf(results, 'placeOnce'),
    kilograms: sides(({ grams }) => grams / 1_000), usd: sides(({ usd }) => usd),
    movesPerDay: moves / ((results.length * hours) / 24), moveEnergy: (moves * 0.25) / (results.length * hours),
    losses: results.filter(({ routed, stay }) => routed.objective > stay.objective + 1e-6).length,
    lossesToPlaceOnce: results.filter(({ routed, placeOnce }) => routed.objective > placeOnce.objective + 1e-6).length,
    worstMonth: Math.min(...months.map((month) => 1 - total(month, ({ routed }) => routed.objective) / total(month, ({ placeOnce }) => placeOnce.objective))),
  };
}

const total = (results: readonly JobResult[], read: (one: JobResult) => number): number => results.reduce((sum, one) => sum + read(one), 0);

function groups(results: readonly JobResult[], key: (one: JobResult) => number): JobResult[][] {
  const all = new Map<number, JobResult[]>();
  for (const one of results) all.set(key(one), [...(all.get(key(one)) ?? []), one]);
  return [...all.values()];
}

const shareOf = (results: readonly JobResult[], side: 'routed' | 'placeOnce'): number =>
  total(results, (one) => one.stay.objective - one[side].objective) / total(results, (one) => one.stay.objective - one.clairvoyant.objective);

/** 95 % of 1,000 draws of whole weeks, the jobs of a week together; drawn by a fixed sequence, so that a run repeats itself. */
function weekly(weeks: readonly (readonly JobResult[])[]): readonly [number, number] {
  const sums = weeks.map((week) => ({ saved: total(week, (one) => one.stay.objective - one.routed.objective), best: total(week, (one) => one.stay.objective - one.clairvoyant.objective) }));
  let state = 1;
  const next = (n: number): number => { state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; return Math.floor((state / 2 ** 32) * n); };
  const shares = Array.from({ length: 1_000 }, () => {
    let [saved, best] = [0, 0];
    for (let i = 0; i < sums.length; i += 1) { const week = sums[next(sums.length)]!; saved += week.saved; best += week.best; }
    return saved / best;
  }).sort((a, b) => a - b);
  return [shares[25]!, shares[974]!];
}
