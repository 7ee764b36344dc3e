import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planMoves, type PlanProblem } from './plan.ts';

const problem = (cost: number[][], moves: number, move = 0): PlanProblem => {
  const [chunks, sites] = [cost.length, cost[0]!.length];
  const ends = new Float64Array(chunks * sites).fill(move / 2);
  return { sites, chunks, moves, cost: Float64Array.from(cost.flat()), leave: ends, arrive: ends, between: new Float64Array(sites * sites) };
};

/** Every path there is: slow, and certainly right. */
function bruteForce(p: PlanProblem, start: number): number {
  let best = Infinity;
  const walk = (k: number, site: number, left: number, spent: number): void => {
    if (k === p.chunks) { best = Math.min(best, spent); return; }
    for (let to = 0; to < p.sites; to += 1) {
      if (to !== site && left === 0) continue;
      const move = to === site ? 0 : p.leave[k * p.sites + site]! + p.arrive[k * p.sites + to]! + p.between[site * p.sites + to]!;
      walk(k + 1, to, to === site ? left : left - 1, spent + move + p.cost[k * p.sites + to]!);
    }
  };
  walk(0, start, p.moves, 0);
  return best;
}

const costOfPath = (p: PlanProblem, start: number, path: readonly number[]): number => {
  let [spent, before] = [0, start];
  path.forEach((site, k) => {
    if (site !== before) spent += p.leave[k * p.sites + before]! + p.arrive[k * p.sites + site]! + p.between[before * p.sites + site]!;
    spent += p.cost[k * p.sites + site]!;
    before = site;
  });
  return spent;
};

describe('W-71: the plan', () => {
  test.each([
    ['stays where it is cheapest', problem([[1, 2], [1, 2], [1, 2]], 5), 0, [0, 0, 0]],
    ['moves at once from where it is dear', problem([[9, 1], [9, 1]], 5, 1), 0, [1, 1]],
    ['waits for the hour in which the other side gets cheap', problem([[1, 9], [1, 9], [9, 1], [9, 1]], 5, 1), 0, [0, 0, 1, 1]],
    ['comes back for the night', problem([[1, 9], [9, 1], [1, 9]], 5, 1), 0, [0, 1, 0]],
    ['does not come back when one move is left', problem([[9, 1], [1, 4], [9, 1]], 1, 1), 0, [1, 1, 1]],
    ['has no moves', problem([[9, 1], [9, 1]], 0), 0, [0, 0]],
    ['does not move for what the move costs', problem([[2, 1], [2, 1]], 5, 2), 0, [0, 0]],
    ['moves when it earns a little more', problem([[2, 1], [2, 0.9]], 5, 2), 0, [1, 1]],
    ['takes negative prices as income', problem([[1, -5], [1, -5]], 5, 3), 0, [1, 1]],
  ])('%s', (_name, p, start, path) => {
    const plan = planMoves(p);
    expect(plan.path(start)).toEqual(path);
    expect(plan.total[start]).toBeCloseTo(costOfPath(p, start, path), 9);
  });

  test('egress between two sites sends the work to the third', () => {
    const p = problem([[9, 1, 2], [9, 1, 2]], 1);
    p.between[0 * 3 + 1] = 10;
    expect(planMoves(p).path(0)).toEqual([2, 2]);
  });

  const small = fc.record({ sites: fc.integer({ min: 1, max: 3 }), chunks: fc.integer({ min: 1, max: 5 }), moves: fc.integer({ min: 0, max: 3 }) }).chain(({ sites, chunks, moves }) => {
    const numbers = (n: number, min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: n, maxLength: n }).map((list) => Float64Array.from(list));
    return fc.record({ sites: fc.constant(sites), chunks: fc.constant(chunks), moves: fc.constant(moves), cost: numbers(sites * chunks, -20, 100),
      leave: numbers(sites * chunks, 0, 20), arrive: numbers(sites * chunks, 0, 20), between: numbers(sites * sites, 0, 20) });
  });

  test('is the best of all paths, from every site, and its path costs what it says', () => {
    fc.assert(fc.property(small, (p) => {
      const plan = planMoves(p);
      for (let s = 0; s < p.sites; s += 1) {
        expect(plan.total[s]).toBe(bruteForce(p, s));
        expect(costOfPath(p, s, plan.path(s))).toBe(plan.total[s]);
      }
    }), { numRuns: 500 });
  });

  test('never uses more moves than there are, and one more never hurts', () => {
    fc.assert(fc.property(small, (p) => {
      const plan = planMoves(p);
      const more = planMoves({ ...p, moves: p.moves + 1 });
      for (let s = 0; s < p.sites; s += 1) {
        const path = [s, ...plan.path(s)];
        expect(path.filter((site, k) => k > 0 && site !== path[k - 1]).length).toBeLessThanOrEqual(p.moves);
        expect(more.total[s]).toBeLessThanOrEqual(plan.total[s]!);
      }
    }), { numRuns: 300 });
  });

  test('`leaving` is the least from each chunk on when the work leaves then', () => {
    const p = problem([[9, 1], [9, 4], [9, 1]], 2, 1);
    expect([...planMoves(p).leaving]).toEqual([1 + 6, 1 + 9 + 1 + 5, 1 + 5, 1 + 9 + 1 + 1, 1 + 1, 1 + 9]);
  });
});
