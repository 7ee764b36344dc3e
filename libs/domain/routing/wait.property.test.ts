import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, sampleAsk, sampleForecast, sampleNode, samplePlace, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { place } from './place.ts';
import { namedPolicy } from './policy.ts';
import type { PlaceInput } from './contract.ts';

const MIN = 60_000;
/** One node whose work cannot move, an hour a minute: a start is then worth the sum of its hours. */
const worlds = fc.record({
  usd: fc.array(fc.integer({ min: -40, max: 200 }), { minLength: 2, maxLength: 12 }), runHours: fc.integer({ min: 1, max: 4 }), slackMin: fc.integer({ min: -20, max: 120 }).map((tenths) => tenths / 10),
  saving: fc.constantFrom<number>(0, 50, 51, 200, 900), waiting: fc.boolean(), flexible: fc.nat(9).map((n) => n > 0),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;
const latestOf = ({ runHours, slackMin }: World) => Math.floor(NOW + slackMin * MIN + (runHours * MIN) / 1e6);

function inputOf(world: World): PlaceInput {
  const { usd, runHours, slackMin, saving, waiting, flexible } = world;
  return samplePlace({
    nodes: [sampleNode('fr-paris-1')], zones: [sampleZone('FR', 100, usd[0]!, { forecast: sampleForecast(usd.slice(1).map(() => 100), usd.slice(1)) })], waiting,
    ask: sampleAsk({
      remainingUnits: runHours * 3_600, checkpoint: { supported: false, sizeGb: 0, intervalS: 300 }, policy: namedPolicy('cost', { waitMinSavingE3: saving }),
      schedule: { flexible, deadlineMs: NOW + Math.round((1.1 * runHours + 2 + slackMin) * MIN) },
    }),
  });
}

/** W-67 as it reads: all starts on the hour up to the latest one, of hours that are known; the first of the best. */
function read(world: World): { start: number; saved: number } | null {
  const { usd, runHours, slackMin, saving, waiting, flexible } = world;
  if (!flexible) return null;
  const tail = Math.round(usd.map((value) => value * 1e6).reduce((a, b) => a + b, 0) / usd.length) / 1e6;
  const worth = (start: number) => Array.from({ length: runHours }, (_, h) => usd[start + h] ?? tail).reduce((a, b) => a + b, 0);
  const starts = usd.map((_value, start) => start).filter((start) => start > 0 && start <= slackMin);
  if (starts.length === 0) return null;
  const least = Math.min(...starts.map(worth));
  const saved = worth(0) - least;
  const needed = (Math.abs(worth(0)) * saving) / (waiting ? 2_000 : 1_000);
  return saved > 1e-9 && saved >= needed - 1e-9 ? { start: starts.find((start) => worth(start) < least + 1e-9)!, saved } : null;
}

/** Where a saving is all but just enough, whole µUSD decide, which a hand does not see. */
const clear = (world: World): boolean => {
  const near = (saving: number) => read({ ...world, saving })?.start;
  return near(world.saving - 0.01) === near(world.saving + 0.01);
};

describe('W-67 against all starts there are', () => {
  test('waits when, and for the hour that, the words say', () => {
    let waited = 0;
    fc.assert(fc.property(worlds.filter(clear), (world) => {
      const expected = read(world);
      const { outcome } = place(inputOf(world));
      expect(outcome.do).toBe(expected ? 'wait' : world.slackMin < -2 ? 'queue' : 'place');
      if (outcome.do !== 'wait') return;
      waited += 1;
      expect(outcome.bestStartMs).toBe(NOW + expected!.start * MIN);
      expect(Math.abs(outcome.startsByMs - latestOf(world))).toBeLessThanOrEqual(1);
    }), { numRuns: 400 });
    expect(waited, 'some of them wait').toBeGreaterThan(30);
  });

  test('whoever begins to wait goes on: half of the saving is enough', () => {
    fc.assert(fc.property(worlds, (world) => {
      const [fresh, waiting] = [false, true].map((one) => place(inputOf({ ...world, waiting: one })).outcome);
      if (fresh!.do === 'wait') expect(waiting).toEqual(fresh);
    }), { numRuns: 200 });
  });

  test('a larger saving asked for never waits where a smaller one did not; a later deadline never waits for less', () => {
    fc.assert(fc.property(worlds, fc.nat(100), (world, more) => {
      const does = (one: World) => place(inputOf(one)).document;
      const [asked, askedMore, later] = [does(world), does({ ...world, saving: world.saving + more }), does({ ...world, slackMin: world.slackMin + more / 10 })];
      if (askedMore.outcome === 'wait') expect(asked.outcome).toBe('wait');
      if (asked.outcome === 'wait') expect(later.outcome).toBe('wait');
      if (asked.saving !== null && later.saving !== null) expect(Number(later.saving)).toBeGreaterThanOrEqual(Number(asked.saving));
    }), { numRuns: 200 });
  });

  test('what it says it saves is the share of the objective of starting now, cut to three places', () => {
    fc.assert(fc.property(worlds.map((world): World => ({ ...world, usd: world.usd.map((usd) => Math.abs(usd) + 1), flexible: true, saving: 50 })).filter(clear), (world) => {
      const expected = read(world);
      const { saving, outcome, starts_by, best_start } = place(inputOf(world)).document;
      if (outcome !== 'wait') { expect([saving, starts_by, best_start]).toEqual([null, null, null]); return; }
      const now = Array.from({ length: world.runHours }, (_, h) => world.usd[h] ?? world.usd.reduce((a, b) => a + b, 0) / world.usd.length).reduce((a, b) => a + b, 0);
      expect(Math.abs(Number(saving) - expected!.saved / now)).toBeLessThan(0.0011);
      expect(saving).toMatch(/^0(\.\d{1,3})?$|^1$/);
    }), { numRuns: 200 });
  });
});

describe('the latest start, to the millisecond', () => {
  const at = (nowMs: number) => place({ ...inputOf({ usd: [100, 100, 100, 100, 1, 1, 1, 1], runHours: 1, slackMin: 3, saving: 50, waiting: true, flexible: true }), time: { nowMs, nodeSecondsPerSecond: 60, intervalMs: MIN } }).outcome;

  test('an hour that begins just then is waited for; one that begins a millisecond later is not', () => {
    // Deadline 6.1 min off, 1.1 min of work and 2 intervals: by 3.0 min it has to run, and four hours on is then 1 min too late.
    expect(at(NOW - MIN)).toEqual({ do: 'wait', startsByMs: NOW + 3 * MIN, bestStartMs: NOW + 3 * MIN });
    expect(at(NOW - MIN + 1)).toMatchObject({ do: 'place' });
  });
});
