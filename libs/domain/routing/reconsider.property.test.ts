import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecimal } from '#domain/quantities/decimal';
import { microUsd } from '#domain/quantities/quantities';
import { sampleAsk, sampleForecast, sampleInput, sampleNode, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { namedPolicy, type PolicyName } from './policy.ts';
import { reconsider } from './reconsider.ts';
import type { Decision, RoutingInput } from './contract.ts';
import type { NodeOffer, ZoneView } from './types.ts';

/** Work on one node and one like it elsewhere: what W-69 asks is then one line each. */
const HERE = sampleNode('here', { zone: 'FR', gpusReserved: 1, priceMicroUsdPerGpuHour: microUsd(2_000_000n) });
const THERE = sampleNode('there', { zone: 'PT', priceMicroUsdPerGpuHour: microUsd(2_000_000n) });
const worlds = fc.record({
  here: fc.tuple(fc.integer({ min: -20, max: 900 }), fc.integer({ min: -80, max: 300 })), there: fc.tuple(fc.integer({ min: -20, max: 900 }), fc.integer({ min: -80, max: 300 })),
  units: fc.integer({ min: 0, max: 80_000 }), sizeGb: fc.constantFrom<number>(0, 1, 50, 500), since: fc.nat(2_000), used: fc.nat(5), maxMoves: fc.nat(5), threshold: fc.constantFrom<number>(0, 100, 250, 250, 900), taken: fc.nat(8),
  policy: fc.constantFrom<PolicyName>('balanced', 'carbon', 'cost'), fresh: fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => [a > 0, b > 0] as const), supported: fc.nat(9).map((n) => n > 0),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;
/** Below 0 a plan likes to do units again, whose rental only the net gain holds: then the hand would have to plan as well. */
const sinceOf = ({ here, there, since }: World): number => (Math.min(...here, ...there) < 0 ? 0 : since);

const flat = (zone: string, [g, usd]: readonly [number, number], fresh: boolean): ZoneView => {
  const view = sampleZone(zone, g, usd, { forecast: sampleForecast(g, usd) });
  return { ...view, signal: { ...view.signal!, fresh } };
};
const inputOf = (one: World): RoutingInput => ({
  ...sampleInput(), nodes: [HERE, { ...THERE, gpusReserved: one.taken }], zones: [flat('FR', one.here, one.fresh[0]), flat('PT', one.there, one.fresh[1])],
  ask: sampleAsk({
    remainingUnits: one.units, movesUsed: one.used, current: { nodeSlug: 'here', unitsSinceCheckpoint: sinceOf(one) }, checkpoint: { supported: one.supported, sizeGb: one.sizeGb, intervalS: 300 },
    policy: namedPolicy(one.policy, { thresholdE3: one.threshold, maxMoves: one.maxMoves }),
  }),
});

const WEIGHTS = { balanced: [0.6, 0.3, 0.1], carbon: [1, 0, 0], cost: [0, 1, 0] } as const;
const kwOf = (u: number, busy: number) => (500 / 8 + (700 * u * busy) / 64 + 70 + 630 * u) / 1_000;

/** W-69 and W-70 by hand for two level zones: dollars and grams of what is left, of what is done again and of the way. */
function read(world: World): string | null {
  const { here, there, units, sizeGb, used, maxMoves, threshold, taken, policy, fresh, supported } = world;
  const [wc, wp, wu] = WEIGHTS[policy];
  const score = ([g, usd]: readonly [number, number], use: number) => (wc * g) / 500 + (wp * usd) / 100 + wu * use;
  if (!supported) return 'no_checkpoint';
  if (!fresh[0]) return 'stale_signal';
  if (taken === 8) return 'no_candidate';
  if (!fresh[1]) return 'stale_signal';
  const current = score(here, 0);
  const gained = current - score(there, taken / 8);
  if (gained <= 1e-9) return 'best_already';
  if (used >= maxMoves) return 'moves_used_up';
  if (gained < Math.max(Math.abs(current) * (threshold / 1_000), 0.02) - 1e-9) return 'below_threshold';
  // W-60 per kWh in USD, or in grams where money has no weight.
  const perKwh = ([g, usd]: readonly [number, number]) => (wp === 0 ? g : usd / 1_000 + ((200 * wc) / wp) * (g / 1e6));
  const flatOut = (20 + sizeGb / 2) / 3_600;
  const [kwHere, kwThere] = [kwOf(0.92, 1), kwOf(0.92, taken + 1)];
  const moving = perKwh(here) * (kwOf(1, 1) * 1.1 * flatOut + 0.0065 * sizeGb / 2) + perKwh(there) * (kwOf(1, taken + 1) * 1.1 * flatOut + 0.0065 * sizeGb / 2);
  const again = (sinceOf(world) / 3_600) * (perKwh(there) * kwThere * 1.1 + (wp === 0 ? 0 : 2));
  const net = (units / 3_600) * 1.1 * (perKwh(here) * kwHere - perKwh(there) * kwThere) - moving - again;
  return Math.abs(net) < 1e-5 ? null : net > 0 ? 'moves' : 'no_net_gain';
}

const kept = ({ outcome }: Decision) => (outcome.do === 'keep' ? outcome.reason : outcome.do === 'move' ? 'moves' : outcome.do);

describe('W-69 against the same by hand', () => {
  test('moves when all holds, and else says what does not, in the order in which they are told', () => {
    const seen = new Set<string>();
    fc.assert(fc.property(worlds, (one) => {
      const expected = read(one);
      if (expected === null) return;
      const decided = reconsider(inputOf(one));
      seen.add(expected);
      expect(kept(decided)).toBe(expected);
    }), { numRuns: 800 });
    expect([...seen].toSorted()).toEqual(['below_threshold', 'best_already', 'moves', 'moves_used_up', 'no_candidate', 'no_checkpoint', 'no_net_gain', 'stale_signal']);
  });

  test('what is stored is what was compared: enough, a gain, and the first step of the plan', () => {
    fc.assert(fc.property(worlds, (one) => {
      const { document } = reconsider(inputOf(one));
      if (document.outcome !== 'move') return;
      expect(parseDecimal(document.improvement!, 6)).toBeGreaterThanOrEqual(parseDecimal(document.needed!, 6));
      expect([document.winner?.node, document.current?.node, document.plan[0]?.zone]).toEqual(['there', 'here', 'PT']);
      expect(parseDecimal(document.needed!, 6)).toBeGreaterThanOrEqual(20_000n);
    }), { numRuns: 300 });
  });
});

describe('what may and may not turn a move', () => {
  const willing = worlds.map((one): World => ({ ...one, fresh: [true, true], supported: true, taken: 0 }));
  const moves = (one: World) => kept(reconsider(inputOf(one))) === 'moves';
  /** The same with a move left, an hour of work at least and no prices or grams below 0. */
  const level = willing.map((one): World => ({ ...one, maxMoves: one.used + 1, units: one.units + 3_600, here: [Math.abs(one.here[0]), Math.abs(one.here[1])], there: [Math.abs(one.there[0]), Math.abs(one.there[1])] }));
  const follows = (turn: (one: World, by: number) => World) => {
    let moved = 0;
    fc.assert(fc.property(level, fc.integer({ min: 1, max: 100 }), (one, by) => {
      if (!moves(one)) return;
      moved += 1;
      expect(moves(turn(one, by))).toBe(true);
    }), { numRuns: 120 });
    expect(moved, 'some of them move').toBeGreaterThan(5);
  };

  test('a threshold of 0.9 moves nobody whom 0.25 leaves', () => {
    const count = { few: 0, many: 0 };
    fc.assert(fc.property(willing, (one) => {
      const [strict, usual] = [900, 250].map((threshold) => moves({ ...one, threshold, maxMoves: 5, used: 0 }));
      if (strict) { expect(usual).toBe(true); count.few += 1; }
      if (usual) count.many += 1;
    }), { numRuns: 250 });
    expect(count.many).toBeGreaterThan(count.few);
  });

  test.each<[string, (one: World, by: number) => World]>([
    ['dirtier air here', (one, by) => ({ ...one, sizeGb: Math.min(one.sizeGb, 1), here: [one.here[0] + by, one.here[1]] })],
    ['cleaner air there', (one, by) => ({ ...one, there: [one.there[0] - by, one.there[1]] })],
    ['cheaper power there', (one, by) => ({ ...one, there: [one.there[0], one.there[1] - by] })],
    ['a lighter checkpoint', (one) => ({ ...one, sizeGb: 0 })],
    ['a fresher checkpoint', (one, by) => ({ ...one, since: Math.max(0, one.since - by) })],
    ['another move left', (one, by) => ({ ...one, maxMoves: one.maxMoves + by })],
    ['a lower threshold', (one, by) => ({ ...one, threshold: Math.max(0, one.threshold - by) })],
  ])('%s never keeps who would move', (_name, turn) => follows(turn));

  test('nothing left to do is nothing to gain: it never moves at the end, at prices of 0 or more', () => {
    fc.assert(fc.property(level, (one) => {
      expect(moves({ ...one, units: 0 })).toBe(false);
    }), { numRuns: 150 });
  });

  test('time that runs at another speed decides the same: an hour of a forecast is an hour of the node', () => {
    fc.assert(fc.property(willing, fc.constantFrom(1, 7, 3_600), (one, nodeSecondsPerSecond) => {
      const input = inputOf(one);
      expect(reconsider({ ...input, time: { ...input.time, nodeSecondsPerSecond } }).outcome).toEqual(reconsider(input).outcome);
    }), { numRuns: 100 });
  });

  test('a third node that is worse than the second in all but its name changes nothing', () => {
    fc.assert(fc.property(level, (one) => {
      const input = inputOf(one);
      const worse: NodeOffer = { ...THERE, slug: 'z-worse', id: 'z', trust: THERE.trust - 1, gpusReserved: 7 };
      expect(kept(reconsider({ ...input, nodes: [worse, ...input.nodes] }))).toBe(kept(reconsider(input)));
    }), { numRuns: 150 });
  });
});
