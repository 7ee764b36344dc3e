import { describe, expect, test } from 'vitest';
import { byDeadline, pickForAbsorb, pickForShed, type Surplus } from './affected.ts';
import type { ShedTarget } from './target.ts';

const load = (workloadId: string, powerW: number) => ({ workloadId, powerW });
const ids = (picked: readonly { workloadId: string }[]) => picked.map(({ workloadId }) => workloadId).join('');

describe('W-101, shed: most power first, until the target is met', () => {
  const loads = [load('a', 700), load('b', 900), load('c', 900), load('d', 100)]; // 2,600 W flexible

  test.each<[ShedTarget | null, number, string]>([
    [null, 0, 'bcad'],
    [{ target_percent: 100 }, 0, 'bcad'],
    // 25 % of 2,600 W is 650 W: the first of the two largest is enough
    [{ target_percent: 25 }, 0, 'b'],
    // 50 % is 1,300 W: 900 is not, 1,800 is
    [{ target_percent: 50 }, 0, 'bc'],
    [{ target_kw: '0.9' }, 0, 'b'],
    [{ target_kw: '0.901' }, 0, 'bc'],
    [{ target_kw: '50' }, 0, 'bcad'],
    // A later round: 900 W are off already, and 50 % of 3,500 W are 1,750 W
    [{ target_percent: 50 }, 900, 'b'],
    [{ target_kw: '1.8' }, 1_800, ''],
    [{ target_kw: '1.8' }, 900, 'b'],
    // All is all, whatever is off already
    [{ target_percent: 100 }, 5_000, 'bcad'],
  ])('%j with %i W off already: %s', (target, shedW, expected) => expect(ids(pickForShed(loads, target, shedW))).toBe(expected));

  test('of equal power the lower id goes first, in whatever order they come', () => {
    const equal = ['c', 'a', 'b'].map((id) => load(id, 500));
    expect(ids(pickForShed(equal, { target_kw: '0.6' }, 0))).toBe('ab');
    expect(ids(pickForShed(equal.toReversed(), { target_kw: '0.6' }, 0))).toBe('ab');
  });

  test('work whose power nobody knows yet is shed where all is shed', () => {
    expect(ids(pickForShed([load('a', 0), load('b', 10)], null, 0))).toBe('ba');
    expect(ids(pickForShed([load('a', 0)], null, 0))).toBe('a');
    expect(ids(pickForShed([load('a', 0), load('b', 10)], { target_kw: '0.01' }, 0))).toBe('ba');
  });

  test('no load, nobody', () => expect(pickForShed([], null, 0)).toEqual([]));
});

const surplus = (workloadId: string, gpus: number, deadlineMs: number | null = null): Surplus => ({ workloadId, gpus, deadlineMs });

describe('W-101, absorb: what waits first, then what runs elsewhere, up to the free GPUs', () => {
  test.each<[number, string]>([
    [0, ''],
    [1, 'w'],
    // v needs 4: passed over, the next smaller ones fit
    [3, 'wr'],
    [5, 'wv'],
    [7, 'wvr'],
    [100, 'wvrs'],
  ])('%i free GPUs: %s', (free, expected) => {
    const waiting = [surplus('v', 4, 2_000), surplus('w', 1, 1_000)];
    const elsewhere = [surplus('s', 8), surplus('r', 2)];
    expect(ids(pickForAbsorb(waiting, elsewhere, free))).toBe(expected);
  });

  test('running work never takes the place of waiting work, however near its deadline', () => {
    expect(ids(pickForAbsorb([surplus('w', 1, 9_000)], [surplus('r', 1, 1)], 1))).toBe('w');
  });
});

test.each<[Surplus, Surplus, number]>([
  [surplus('a', 1, 1), surplus('b', 1, 2), -1],
  [surplus('b', 1, 1), surplus('a', 1, 1), 1],
  [surplus('a', 1, null), surplus('b', 1, 9e15), 1],
  [surplus('a', 1, 5), surplus('a', 2, 5), 0],
])('W-105, order of %j and %j', (a, b, sign) => expect(Math.sign(byDeadline(a, b))).toBe(sign));
