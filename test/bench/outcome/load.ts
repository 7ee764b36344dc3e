import { objectiveOf } from '#domain/routing/objective';
import { place } from '#domain/routing/place';
import type { PolicyInForce } from '#domain/routing/policy';
import { reconsider } from '#domain/routing/reconsider';
import type { RoutingInput } from '#domain/routing/contract';
import type { NodeOffer, Placement, WorkAsk } from '#domain/routing/types';
import type { Grid } from './grid.ts';
import { askFor, type Eyes, fifteenMinutes, nodeIn } from './world.ts';

const HOUR_MS = 3_600_000;
const GPUS_PER_ZONE = 8;
const LOAD = 0.8;
const END_OF_MOVE_H = 0.125;

export interface Job {
  /** Hours after the first arrival. */
  readonly arrival: number;
  readonly hours: number;
}

/** A stretch of hours, in the objective per kW of one GPU's work. */
export interface LoadResult {
  readonly spent: number;
  /** The same hours of work spread evenly over the zones, and in each hour's cheapest zones. */
  readonly even: number;
  readonly bound: number;
  /** GPU hours worked and offered. */
  readonly busy: number;
  readonly offered: number;
  readonly moves: number;
}

/** GAIA's trace or any file with `arrival_time,length` in seconds; lengths in whole hours, since the rows of the grid are hours and a bound must not pack halves. */
export function readJobs(text: string): Job[] {
  const [head = '', ...lines] = text.trim().split('\n');
  const columns = head.trim().split(',');
  const [arrival, length] = [columns.indexOf('arrival_time'), columns.indexOf('length')];
  if (arrival < 0 || length < 0) throw new Error('a file of jobs needs the columns arrival_time and length, in seconds');
  return lines.map((line) => line.split(',').map(Number)).map((row) => ({ arrival: row[arrival]! / 3_600, hours: Math.max(1, Math.ceil(row[length]! / 3_600)) }));
}

interface Running {
  left: number;
  zone: number;
  moves: number;
}

/**
 * W-151: one-GPU jobs on 8 GPUs a zone, arriving as the trace's do, sped up to fill 80 % of all. Every job is considered
 * again each hour; what is taken is gone for the next. Greedy by arrival, as the product is.
 */
export class LoadedFleet {
  private readonly grid: Grid;
  private readonly eyes: Eyes;
  private readonly policy: PolicyInForce;
  private readonly moving: boolean;
  private readonly slugs: readonly string[];
  private running: Running[] = [];
  private waiting: number[] = [];

  constructor(study: { grid: Grid; eyes: Eyes; policy: PolicyInForce }, moving: boolean) {
    this.grid = study.grid;
    this.eyes = study.eyes;
    this.policy = study.policy;
    this.moving = moving;
    this.slugs = study.grid.zones.map(({ zone }) => nodeIn(zone).slug);
  }

  /** Hours with a missing row are left out of the account; work goes on where it is. */
  over(range: { from: number; to: number }, trace: readonly Job[]): LoadResult {
    const zones = this.slugs.length;
    const arrivals = arrivalsByHour(trace, zones * GPUS_PER_ZONE * LOAD, range.to - range.from);
    let total: LoadResult = { spent: 0, even: 0, bound: 0, busy: 0, offered: 0, moves: 0 };
    for (let hour = range.from; hour < range.to; hour += 1) {
      this.waiting.push(...(arrivals.get(hour - range.from) ?? []));
      const seen = this.eyes.at(hour).every(({ signal }) => signal !== null);
      if (seen) total = plus(total, this.hour(hour));
      for (const job of this.running) job.left -= 1;
      this.running = this.running.filter(({ left }) => left > 0);
    }
    return total;
  }

  private hour(hour: number): LoadResult {
    const rates = this.rates(hour);
    // New work is placed as it comes, on what ended work left; running work is considered at the turn of the hour, after it.
    this.waiting = this.waiting.filter((hours) => !this.place(hours, hour));
    const moved = this.moving ? this.running.filter((job) => this.reconsider(job, hour)).map(({ zone }) => zone) : [];
    // Both ends of a move are taken at the new zone's rate or above: moves come from dearer zones.
    const spent = this.running.reduce((sum, { zone }) => sum + rates[zone]!, 0) + moved.reduce((sum, zone) => sum + 2 * END_OF_MOVE_H * rates[zone]!, 0);
    const amount = this.running.length;
    return {
      spent, even: (amount * rates.reduce((a, b) => a + b, 0)) / rates.length, bound: cheapest(amount, rates), busy: amount, offered: rates.length * GPUS_PER_ZONE, moves: moved.length,
    };
  }

  private reconsider(job: Running, hour: number): boolean {
    const ask = this.ask(job.left, { nodeSlug: this.slugs[job.zone]!, unitsSinceCheckpoint: 0 }, job.moves);
    const { outcome } = reconsider(this.input(ask, hour));
    if (outcome.do !== 'move') return false;
    job.zone = this.slugs.indexOf(outcome.nodes[0]!);
    job.moves += 1;
    return true;
  }

  private place(hours: number, hour: number): boolean {
    const { outcome } = place({ ...this.input(this.ask(hours, null, 0), hour), mayWait: false, waiting: false });
    if (outcome.do !== 'place') return false;
    this.running.push({ left: hours, zone: this.slugs.indexOf(outcome.nodes[0]!), moves: 0 });
    return true;
  }

  private ask(hours: number, current: Placement | null, movesUsed: number): WorkAsk {
    return askFor(hours, this.grid.zones[0]!.zone, this.policy, { gpuCount: 1, remainingUnits: hours * 3_600, current, movesUsed });
  }

  private input(ask: WorkAsk, hour: number): RoutingInput {
    const nodes = this.grid.zones.map(({ zone }, z): NodeOffer => nodeIn(zone, { gpusReserved: this.running.filter((job) => job.zone === z).length }));
    return {
      id: 'load', codeVersion: 'bench', trigger: 'interval', time: { nowMs: this.grid.startMs + hour * HOUR_MS, nodeSecondsPerSecond: 1, intervalMs: HOUR_MS },
      zones: this.eyes.at(hour), nodes, ask, tariff: fifteenMinutes(ask),
    };
  }

  private rates(hour: number): number[] {
    const { carbon, price } = objectiveOf(this.policy.weights);
    return this.grid.zones.map(({ intensityMgPerKwh, priceMicroUsdPerMwh }) => carbon * intensityMgPerKwh[hour]! + price * priceMicroUsdPerMwh[hour]!);
  }
}

/** The transport LP of one hour: GPUs are alike, so it fills the cheapest zones first. Moves are free and instant, which no scheduler of the same starts can beat. */
function cheapest(amount: number, rates: readonly number[]): number {
  let [left, cost] = [amount, 0];
  for (const rate of [...rates].sort((a, b) => a - b)) {
    const here = Math.min(left, GPUS_PER_ZONE);
    cost += here * rate;
    left -= here;
  }
  return cost;
}

/** Arrivals by hour: the trace again and again, its clock set so that the work fills `gpus` on average. */
function arrivalsByHour(trace: readonly Job[], gpus: number, hours: number): Map<number, number[]> {
  const span = trace.reduce((sum, job) => sum + job.hours, 0) / gpus;
  const last = trace.reduce((most, { arrival }) => Math.max(most, arrival), 1e-9);
  const all = new Map<number, number[]>();
  for (let round = 0; round * span < hours; round += 1) {
    for (const job of trace) {
      const hour = Math.floor(round * span + (job.arrival / last) * span);
      all.set(hour, [...(all.get(hour) ?? []), job.hours]);
    }
  }
  return all;
}

const plus = (a: LoadResult, b: LoadResult): LoadResult => ({
  spent: a.spent + b.spent, even: a.even + b.even, bound: a.bound + b.bound, busy: a.busy + b.busy, offered: a.offered + b.offered, moves: a.moves + b.moves,
});
