import type { FleetTable, NodeClass } from './fleet-table.ts';
import { compareTies, scoreE6, type TieBreak } from './score.ts';
import { candidatesOf, type Contest, screen, type Screened } from './screen.ts';
import type { RoutingTime, WorkAsk } from './types.ts';

export interface Pick {
  /** Indices into the table, −1 for none. */
  readonly winner: number;
  readonly runnerUp: number;
  readonly winnerScoreE6: number;
  readonly runnerUpScoreE6: number;
  readonly screened: Screened;
}

/**
 * One decision by score alone (W-57, W-59, W-62): constraints, winner, runner-up and the exclusion counts. This is what a
 * placement without a forecast is, and what every inference request is; the plan and the document come on top of it.
 * Without any signal the rental price stands in for the score (W-64).
 */
export function pick(table: FleetTable, ask: WorkAsk, time: RoutingTime): Pick {
  const best = new TopTwo(table, ask);
  const screened = screen(table, ask, time, best);
  // Nothing healthy with a signal fitted: the nodes that came in instead are fewer and are compared now.
  if (best.winner < 0 && screened.fitting > 0) for (const i of candidatesOf(screened)) best.enter(i, screened.carbonUnknown);
  const { winner, runnerUp, winnerScoreE6, runnerUpScoreE6 } = best;
  return { winner, runnerUp, winnerScoreE6, runnerUpScoreE6, screened };
}

class TopTwo implements Contest {
  winner = -1;
  runnerUp = -1;
  winnerScoreE6 = Infinity;
  runnerUpScoreE6 = Infinity;
  limit = Infinity;
  readonly perUse: number;
  private readonly table: FleetTable;
  private readonly ask: WorkAsk;

  constructor(table: FleetTable, ask: WorkAsk) {
    this.table = table;
    this.ask = ask;
    this.perUse = ask.policy.weights.utilisation * 1_000;
  }

  /** Carbon and price of W-57 in floating millionths, less what the work's own GPUs may add to the use of its node. */
  rough({ intensityMgPerKwh, priceMicroUsdPerMwh }: NodeClass): number {
    const { carbon, price } = this.ask.policy.weights;
    return (intensityMgPerKwh * carbon) / 500 + (priceMicroUsdPerMwh * price) / 100_000 - (this.ask.current ? this.perUse : 0);
  }

  enter(i: number, carbonUnknown = false): void {
    const score = carbonUnknown ? Number(this.table.nodes[i]!.priceMicroUsdPerGpuHour) : scoreAt(this.table, i, this.ask);
    if (score < this.winnerScoreE6 || (score === this.winnerScoreE6 && before(this.table, i, this.winner, carbonUnknown))) {
      this.runnerUp = this.winner;
      this.runnerUpScoreE6 = this.winnerScoreE6;
      this.winner = i;
      this.winnerScoreE6 = score;
    } else if (score < this.runnerUpScoreE6 || (score === this.runnerUpScoreE6 && before(this.table, i, this.runnerUp, carbonUnknown))) {
      this.runnerUp = i;
      this.runnerUpScoreE6 = score;
    }
    // Two millionths cover the rounding of both; a node that is further behind needs no exact score.
    this.limit = this.runnerUpScoreE6 + 2;
  }
}

/** W-57 of a node of the table, this work's own GPUs not counted as use. */
export function scoreAt(table: FleetTable, i: number, ask: WorkAsk): number {
  const { intensityMgPerKwh, priceMicroUsdPerMwh, gpus } = table.classes[table.class[i]!]!;
  const node = table.nodes[i]!;
  const own = ask.current?.nodeSlug === node.slug ? ask.gpuCount : 0;
  return scoreE6(ask.policy.weights, { intensityMgPerKwh, priceMicroUsdPerMwh, reserved: node.gpusReserved - own, gpus });
}

export const tieBreak = (table: FleetTable, i: number): TieBreak => {
  const { slug, gpus, gpusReserved: reserved, trust } = table.nodes[i]!;
  return { priceMicroUsdPerMwh: table.classes[table.class[i]!]!.priceMicroUsdPerMwh, reserved, gpus, trust, slug };
};

/** Between equal scores; without signals only the slug is left after the price (W-64). */
function before(table: FleetTable, a: number, b: number, carbonUnknown: boolean): boolean {
  if (b < 0) return true;
  if (carbonUnknown) return table.nodes[a]!.slug < table.nodes[b]!.slug;
  return compareTies(tieBreak(table, a), tieBreak(table, b)) < 0;
}
