import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byDeadline, pickForAbsorb, pickForShed } from './affected.ts';
import { allAnswered, ANSWERS, inWords, NO_COUNTS } from './answers.ts';
import { resumeWaitMs, type Resumed } from './resume.ts';
import { targetWatts, type ShedTarget } from './target.ts';
import { windowStep, type Asked } from './window.ts';

const named = <T>(list: readonly T[]) => list.map((one, i) => ({ ...one, workloadId: `w${String(i).padStart(3, '0')}` }));
const sum = (list: readonly { powerW: number }[]) => list.reduce((total, { powerW }) => total + powerW, 0);

describe('W-101: the fewest that reach the target', () => {
  const loads = fc.array(fc.record({ powerW: fc.integer({ min: 1, max: 500 }) }), { minLength: 1, maxLength: 9 }).map(named);
  /** Every choice of the loads; the least number of them that reaches the target. */
  const fewest = (all: readonly { powerW: number }[], wantedW: number): number =>
    Math.min(...Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((__, i) => (bits >> i) & 1)).filter((some) => sum(some) >= wantedW).map((some) => some.length));

  test('percent: no other choice disturbs fewer workloads', () => {
    fc.assert(fc.property(loads, fc.integer({ min: 1, max: 99 }), (all, percent) => {
      const picked = pickForShed(all, { target_percent: percent }, 0);
      expect(sum(picked) * 100).toBeGreaterThanOrEqual(sum(all) * percent);
      expect(picked.length).toBe(fewest(all, (sum(all) * percent) / 100));
    }), { numRuns: 60 });
  });

  test('kilowatts: the same, and all there is where that is too little', () => {
    fc.assert(fc.property(loads, fc.integer({ min: 1, max: 5_000 }), (all, watts) => {
      const picked = pickForShed(all, { target_kw: (watts / 1_000).toFixed(3) }, 0);
      expect(picked.length).toBe(watts <= sum(all) ? fewest(all, watts) : all.length);
    }), { numRuns: 60 });
  });

  test('kilowatts that are met exactly disturb nobody further', () => {
    fc.assert(fc.property(loads, fc.integer({ min: 1, max: 9 }), (all, k) => {
      const most = all.toSorted((a, b) => b.powerW - a.powerW).slice(0, k);
      expect(pickForShed(all, { target_kw: (sum(most) / 1_000).toFixed(3) }, 0)).toHaveLength(most.length);
    }));
  });

  test('in rounds: what was shed before counts, so rounds together shed what one round would', () => {
    fc.assert(fc.property(loads, fc.integer({ min: 1, max: 99 }), (all, percent) => {
      const target = { target_percent: percent };
      const first = pickForShed(all, target, 0);
      expect(pickForShed(all.filter((load) => !first.includes(load)), target, sum(first))).toEqual([]);
    }));
  });

  test('more is wanted of nobody than of who was asked for less', () => {
    fc.assert(fc.property(loads, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }), (all, a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)].map((percent) => pickForShed(all, { target_percent: percent }, 0));
      expect(more!.slice(0, less!.length)).toEqual(less);
    }));
  });

  test.each<[ShedTarget | null, bigint]>([[null, 100n], [{}, 100n], [{ target_percent: 25 }, 25n], [{ target_percent: 50 }, 50n], [{ target_percent: 1 }, 1n], [{ target_percent: 99 }, 99n]])('%j is rounded up to a watt, never below, never a watt too many', (target, percent) => {
    fc.assert(fc.property(fc.nat(10_000_000), (flexibleW) => {
      const watts = BigInt(targetWatts(target, flexibleW));
      return watts * 100n >= BigInt(flexibleW) * percent && (watts - 1n) * 100n < BigInt(flexibleW) * percent;
    }));
  });
});

test('W-101, absorb: nobody is passed over while there is room, however the surplus is listed', () => {
  const work = fc.array(fc.record({ gpus: fc.integer({ min: 1, max: 8 }), deadlineMs: fc.option(fc.nat(5)) }), { maxLength: 20 }).map(named);
  fc.assert(fc.property(work, fc.nat(20), fc.nat(40), (all, cut, free) => {
    const [waiting, elsewhere] = [all.slice(0, cut), all.slice(cut)];
    const picked = pickForAbsorb(waiting, elsewhere, free);
    let left = free;
    for (const one of [...waiting.toSorted(byDeadline), ...elsewhere.toSorted(byDeadline)]) {
      expect(picked.includes(one)).toBe(one.gpus <= left);
      if (one.gpus <= left) left -= one.gpus;
    }
    expect(pickForAbsorb(waiting.toReversed(), elsewhere.toReversed(), free)).toEqual(picked);
  }));
});

test('W-105: in any 10 s, wherever they begin, at most 10 % of the GPUs come back, or one workload alone', () => {
  fc.assert(fc.property(fc.array(fc.record({ gpus: fc.integer({ min: 1, max: 8 }), delayMs: fc.nat(15_000) }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 10, max: 200 }), (jobs, zoneGpus) => {
    const resumed: Resumed[] = [];
    let nowMs = 0;
    for (const { gpus, delayMs } of jobs) {
      nowMs += delayMs;
      const wait = resumeWaitMs(resumed, { gpus }, zoneGpus, nowMs);
      // It is not told to wait longer than it must: a millisecond before, the pace would have been passed.
      if (wait > 0) expect(resumeWaitMs(resumed, { gpus }, zoneGpus, nowMs + wait - 1)).toBe(1);
      nowMs += wait;
      resumed.push({ gpus, atMs: nowMs });
    }
    for (const { atMs } of resumed)
      for (const from of [atMs, atMs - 9_999]) {
        const within = resumed.filter((one) => one.atMs >= from && one.atMs < from + 10_000);
        expect(within.length === 1 || within.reduce((total, { gpus }) => total + gpus, 0) * 10 <= zoneGpus).toBe(true);
      }
    // Over any longer time too, so a workload of more than 10 % pays its pace back: at 10 % in 10 s a GPU takes 100 s ÷ GPUs of the zone.
    resumed.forEach(({ atMs }, from) => resumed.slice(from).reduce((gpus, one) => {
      expect((gpus * 100_000) / zoneGpus).toBeLessThanOrEqual(one.atMs - atMs + 10_000);
      return gpus + one.gpus;
    }, 0));
  }), { numRuns: 60 });
});

describe('W-103: a window of 50', () => {
  const LIMITS = { windowSize: 50, askAgainMs: 30_000 };
  const asked = fc.array(fc.record({ signalledAtMs: fc.option(fc.nat(100_000)), again: fc.option(fc.nat(60_000)) }), { maxLength: 200 })
    .map((all) => named(all.map(({ signalledAtMs, again }) => ({ signalledAtMs, askedAgainAtMs: signalledAtMs === null || again === null ? null : signalledAtMs + 30_000 + again }))));

  test('never holds more after a step than before or than 50, and tells in the order in which they stand', () => {
    fc.assert(fc.property(asked, fc.nat(200_000), (all, nowMs) => {
      const { tell, askAgain, giveUp } = windowStep(all, nowMs, LIMITS);
      const held = all.filter(({ signalledAtMs }) => signalledAtMs !== null).length;
      expect(held - giveUp.length + tell.length).toBeLessThanOrEqual(Math.max(50, held - giveUp.length));
      expect(tell.length).toBe(Math.min(all.length - held, Math.max(0, 50 - (held - giveUp.length))));
      expect(tell).toEqual(all.filter(({ signalledAtMs }) => signalledAtMs === null).slice(0, tell.length).map(({ workloadId }) => workloadId));
      expect(new Set([...tell, ...askAgain, ...giveUp]).size).toBe(tell.length + askAgain.length + giveUp.length);
    }), { numRuns: 200 });
  });

  test.each<[number, string]>([[29_999, ''], [30_000, 'ask'], [59_999, 'ask'], [1_000_000, 'ask']])('a silence of %i ms after the first signal: %s', (silent, does) => {
    const one: Asked[] = [{ workloadId: 'w', signalledAtMs: 5, askedAgainAtMs: null }];
    const { askAgain, giveUp } = windowStep(one, 5 + silent, LIMITS);
    expect([askAgain.length === 1 ? 'ask' : '', giveUp]).toEqual([does, []]);
  });

  test('1,000 that never answer are told 50 at a time, and all are given up', () => {
    let all: Asked[] = named(Array.from({ length: 1_000 }, () => ({ signalledAtMs: null, askedAgainAtMs: null })));
    let [rounds, given] = [0, 0];
    for (let now = 0; all.length > 0; now += 30_000, rounds += 1) {
      const { tell, askAgain, giveUp } = windowStep(all, now, LIMITS);
      expect(tell.length + askAgain.length).toBeLessThanOrEqual(50);
      given += giveUp.length;
      all = all.filter(({ workloadId }) => !giveUp.includes(workloadId))
        .map((one) => (tell.includes(one.workloadId) ? { ...one, signalledAtMs: now } : askAgain.includes(one.workloadId) ? { ...one, askedAgainAtMs: now } : one));
    }
    // 20 windows of a minute each, and the round that gives up the last
    expect([given, rounds]).toEqual([1_000, 41]);
  });
});

test('W-104: answers are all there exactly when they sum to the affected, and the words name each number', () => {
  fc.assert(fc.property(fc.array(fc.nat(300), { minLength: ANSWERS.length, maxLength: ANSWERS.length }), fc.nat(5), (numbers, unanswered) => {
    const answers = Object.fromEntries(ANSWERS.map((answer, i) => [answer, numbers[i]!]));
    const affected = numbers.reduce((a, b) => a + b, unanswered);
    const counts = { ...NO_COUNTS, affected, unanswered, answers };
    expect(allAnswered(counts)).toBe(unanswered === 0);
    const told = [...inWords(counts).matchAll(/(\d+) (?!affected)/g)].reduce((total, [, n]) => total + Number(n), 0);
    expect(told).toBe(affected);
  }));
});
