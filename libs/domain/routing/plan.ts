/**
 * W-71: where the rest of the work should run, hour by hour, and when it should move.
 *
 * The work is cut into chunks of equal size. A site is a node; `cost[k × sites + s]` is what chunk k costs there, at the
 * hour at which that site would reach it. With sites of one speed that is exact; with several it is exact for staying and
 * for a move now, which is all that is acted on, and near enough for moves after that.
 */
export interface PlanProblem {
  readonly sites: number;
  readonly chunks: number;
  readonly moves: number;
  readonly cost: Float64Array;
  /** Checkpoint on leaving and restore on arriving before chunk k, by chunk and site. */
  readonly leave: Float64Array;
  readonly arrive: Float64Array;
  /** Egress and the like from site to site, `sites × sites`. */
  readonly between: Float64Array;
}

export interface Plan {
  /** By site: the least cost of all chunks when starting there with all moves left. */
  readonly total: Float64Array;
  /** By chunk and site, all moves left: the least cost from chunk k on if the work leaves the site then. */
  readonly leaving: Float64Array;
  /** The site of each chunk when starting at `site`. */
  path(site: number): number[];
}

/** Backwards over the chunks; O(chunks × moves × sites²). Equal costs stay where they are: a move must earn something. */
export function planMoves(problem: PlanProblem): Plan {
  const { sites, chunks, moves, cost } = problem;
  const levels = moves + 1;
  const width = sites * levels;
  /** `choice`: the site before chunk k for site s with m moves left, −1 to stay. */
  const choice = new Int16Array(chunks * width).fill(-1);
  const leaving = new Float64Array(chunks * sites).fill(Infinity);
  let after = new Float64Array(width);
  let value = new Float64Array(width);
  const stay = new Float64Array(width);
  for (let k = chunks - 1; k >= 0; k -= 1) {
    for (let m = 0; m < levels; m += 1) for (let s = 0; s < sites; s += 1) stay[m * sites + s] = cost[k * sites + s]! + after[m * sites + s]!;
    for (let s = 0; s < sites; s += 1) value[s] = stay[s]!;
    stepMoves(problem, k, { stay, value, choice, leaving });
    [after, value] = [value, after];
  }
  return { total: after.slice(moves * sites), leaving, path: (site) => pathFrom(problem, choice, site) };
}

interface Step {
  readonly stay: Float64Array;
  readonly value: Float64Array;
  readonly choice: Int16Array;
  readonly leaving: Float64Array;
}

function stepMoves({ sites, moves, leave, arrive, between }: PlanProblem, k: number, { stay, value, choice, leaving }: Step): void {
  const width = sites * (moves + 1);
  for (let m = 1; m <= moves; m += 1) {
    const fewer = (m - 1) * sites;
    for (let s = 0; s < sites; s += 1) {
      let best = Infinity;
      let to = -1;
      const row = s * sites;
      for (let t = 0; t < sites; t += 1) {
        const there = between[row + t]! + arrive[k * sites + t]! + stay[fewer + t]!;
        if (there < best && t !== s) { best = there; to = t; }
      }
      best += leave[k * sites + s]!;
      const i = m * sites + s;
      const moving = best < stay[i]!;
      value[i] = moving ? best : stay[i]!;
      if (moving) choice[k * width + i] = to;
      if (m === moves) leaving[k * sites + s] = best;
    }
  }
}

function pathFrom({ sites, chunks, moves }: PlanProblem, choice: Int16Array, site: number): number[] {
  const path: number[] = [];
  let left = moves;
  for (let k = 0; k < chunks; k += 1) {
    const to = choice[(k * (moves + 1) + left) * sites + site]!;
    if (to >= 0) { site = to; left -= 1; }
    path.push(site);
  }
  return path;
}
