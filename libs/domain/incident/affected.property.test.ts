import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pickForAbsorb, pickForShed } from './affected.ts';
import { targetWatts } from './target.ts';

const loads = fc.uniqueArray(fc.record({ workloadId: fc.uuid(), powerW: fc.integer({ min: 1, max: 6_000 }) }), { selector: ({ workloadId }) => workloadId, maxLength: 60 });
const target = fc.oneof(fc.record({ target_percent: fc.integer({ min: 1, max: 100 }) }), fc.record({ target_kw: fc.integer({ min: 1, max: 100_000 }).map((w) => (w / 1_000).toFixed(3)) }));
const sum = (list: readonly { powerW: number }[]) => list.reduce((total, { powerW }) => total + powerW, 0);

test('the target is met or there is nothing left, and the last one picked was needed', () => {
  fc.assert(fc.property(loads, target, fc.integer({ min: 0, max: 20_000 }), (all, wanted, shedW) => {
    const picked = pickForShed(all, wanted, shedW);
    const wantedW = targetWatts(wanted, sum(all) + shedW);
    expect(shedW + sum(picked) >= wantedW || picked.length === all.length).toBe(true);
    if (picked.length > 0 && picked.length < all.length) expect(shedW + sum(picked.slice(0, -1))).toBeLessThan(wantedW);
  }));
});

test('nobody who was passed over draws more than somebody who was picked, and the order of the rows does not matter', () => {
  fc.assert(fc.property(loads, target, (all, wanted) => {
    const picked = pickForShed(all, wanted, 0);
    const least = Math.min(...picked.map(({ powerW }) => powerW));
    expect(all.filter((load) => !picked.includes(load)).every(({ powerW }) => powerW <= least)).toBe(true);
    expect(pickForShed(all.toReversed(), wanted, 0)).toEqual(picked);
  }));
});

test('a surplus is never given out twice', () => {
  const work = fc.uniqueArray(fc.record({ workloadId: fc.uuid(), gpus: fc.integer({ min: 1, max: 8 }), deadlineMs: fc.option(fc.integer({ min: 0, max: 1e12 })) }), { selector: ({ workloadId }) => workloadId, maxLength: 40 });
  fc.assert(fc.property(work, fc.integer({ min: 0, max: 100 }), fc.nat(40), (all, free, cut) => {
    const picked = pickForAbsorb(all.slice(0, cut), all.slice(cut), free);
    const used = picked.reduce((total, { gpus }) => total + gpus, 0);
    expect(used).toBeLessThanOrEqual(free);
    for (const left of all.filter((one) => !picked.includes(one))) expect(left.gpus).toBeGreaterThan(free - used);
  }));
});
