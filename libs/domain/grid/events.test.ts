import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_RULES, type DetectedKind, type GridEventKind, type Reading } from './event-rules.ts';
import { confirmationsFor, detect, evidenceOf, gridEventId, type DetectorState, type GridChange } from './events.ts';

const MINUTE = 60_000;
const quiet: Reading = {
  intervalStart: Date.parse('2026-11-21T13:00:00Z'), sourceTime: Date.parse('2026-01-15T12:00:00Z'), intensity: 300_000n, price: 80_000_000n, renewables: 30_000_000n,
  demand: 60_000_000n, curtailed: 0n, installed: 100_000_000n, meanIntensity: 300_000n, meanPrice: 80_000_000n, fresh: true,
};
const once = { confirmations: 1, shedOpen: false, called: new Set<GridEventKind>() };
const twice = { ...once, confirmations: 2 };

/** Plays readings one interval after another; what happened, in order. */
function play(readings: readonly Partial<Reading>[], options: typeof once = once, from: DetectorState = {}) {
  let state = from;
  const told: GridChange[] = [];
  for (const [i, reading] of readings.entries()) {
    const result = detect(state, { ...quiet, intervalStart: quiet.intervalStart + i * MINUTE, ...reading }, options);
    state = result.state;
    told.push(...result.changes);
  }
  return { state, told, words: told.map(({ kind, change }) => `${kind} ${change}`) };
}

describe('W-52: opening edges', () => {
  test.each<[string, DetectedKind, Partial<Reading>, boolean]>([
    ['renewables exactly 0.70 of demand', 'absorb', { renewables: 42_000_000n }, false],
    ['renewables 1 kW above', 'absorb', { renewables: 42_000_001n }, true],
    ['price exactly 0', 'absorb', { price: 0n }, true],
    ['price 1 µUSD', 'absorb', { price: 1n }, false],
    ['curtailment of 1 kW', 'absorb', { curtailed: 1n }, true],
    ['unknown renewables', 'absorb', { renewables: null }, false],
    ['unknown demand', 'absorb', { renewables: 60_000_000n, demand: null }, false],
    ['intensity exactly 1.30 of a mean of 300 g', 'carbon-spike', { intensity: 390_000n }, true],
    ['intensity 1 mg below', 'carbon-spike', { intensity: 389_999n }, false],
    ['twice a mean of 40 g is only 40 g more', 'carbon-spike', { intensity: 80_000n, meanIntensity: 40_000n }, false],
    ['50 g above a mean of 40 g', 'carbon-spike', { intensity: 90_000n, meanIntensity: 40_000n }, true],
    ['no mean, no spike', 'carbon-spike', { intensity: 900_000n, meanIntensity: null }, false],
    ['price exactly 2.0 of a mean of 80', 'price-spike', { price: 160_000_000n }, true],
    ['price 1 µUSD below', 'price-spike', { price: 159_999_999n }, false],
    ['50 USD over a mean below 0, counted from 0', 'price-spike', { price: 50_000_000n, meanPrice: -40_000_000n }, true],
    ['49 USD over a mean below 0', 'price-spike', { price: 49_000_000n, meanPrice: -40_000_000n }, false],
    ['nothing fresh', 'stale-signal', { fresh: false }, true],
  ])('%s', (_name, kind, reading, opens) => {
    expect(play([reading]).words.includes(`${kind} opened`)).toBe(opens);
  });

  test('all clauses that hold are named', () => {
    expect(EVENT_RULES.absorb.opening({ ...quiet, renewables: 55_000_000n, price: -1n, curtailed: 5n })).toEqual([
      'renewables above 0.70 of demand', 'price at or below 0', 'curtailment reported', 'surplus above 10 % of installed wind and solar',
    ]);
    // 55 − 0.7 × 60 = 13 GW, above 10 % of 100 GW; 50 − 42 = 8 GW is not
    expect(EVENT_RULES.absorb.opening({ ...quiet, renewables: 50_000_000n })).toEqual(['renewables above 0.70 of demand']);
  });
});

describe('W-52: closing edges', () => {
  test.each<[string, DetectedKind, Partial<Reading>, Partial<Reading>, boolean]>([
    ['renewables exactly 0.65', 'absorb', { renewables: 50_000_000n }, { renewables: 39_000_000n }, false],
    ['renewables 1 kW below', 'absorb', { renewables: 50_000_000n }, { renewables: 38_999_999n }, true],
    ['price exactly 5 USD', 'absorb', { price: 0n }, { price: 5_000_000n }, false],
    ['price above 5 USD', 'absorb', { price: 0n }, { price: 5_000_001n }, true],
    ['still curtailed', 'absorb', { price: 0n }, { curtailed: 1n }, false],
    ['renewables unknown, and they opened it', 'absorb', { renewables: 50_000_000n }, { renewables: null }, false],
    ['renewables unknown, the price opened it', 'absorb', { price: 0n }, { renewables: null }, true],
    ['curtailment unknown, and it opened it', 'absorb', { curtailed: 7n }, { curtailed: null }, false],
    ['price unknown', 'absorb', { price: 0n }, { price: null }, false],
    ['intensity exactly 1.15', 'carbon-spike', { intensity: 400_000n }, { intensity: 345_000n }, false],
    ['intensity below 1.15', 'carbon-spike', { intensity: 400_000n }, { intensity: 344_999n }, true],
    ['intensity unknown', 'carbon-spike', { intensity: 400_000n }, { intensity: null }, false],
    ['price exactly 1.5', 'price-spike', { price: 170_000_000n }, { price: 120_000_000n }, false],
    ['price below 1.5', 'price-spike', { price: 170_000_000n }, { price: 119_999_999n }, true],
    ['fresh again', 'stale-signal', { fresh: false }, { fresh: true }, true],
  ])('%s', (_name, kind, opening, then, closes) => {
    expect(play([opening, then]).words.includes(`${kind} closed`)).toBe(closes);
  });
});

describe('W-53: confirmation', () => {
  test('one interval where the step is longer than 15 min, two where it is not', () => expect([60, 900, 901, 3_600].map(confirmationsFor)).toEqual([2, 2, 1, 1]));

  const spike = { intensity: 500_000n };
  test.each([
    ['two running open and two running close', [spike, spike, {}, {}], ['carbon-spike noticed', 'carbon-spike opened', 'carbon-spike closed']],
    ['one fades', [spike, {}], ['carbon-spike noticed', 'carbon-spike faded']],
    ['one, a gap, one are not two running', [spike, {}, spike], ['carbon-spike noticed', 'carbon-spike faded', 'carbon-spike noticed']],
    ['a quiet interval between does not close', [spike, spike, {}, spike, {}], ['carbon-spike noticed', 'carbon-spike opened']],
  ])('%s', (_name, readings, expected) => expect(play(readings, twice).words).toEqual(expected));

  test('an event starts where it was first seen', () => {
    const { told } = play([{}, spike, spike], twice);
    expect(told.map(({ start }) => start - quiet.intervalStart)).toEqual([MINUTE, MINUTE]);
  });

  test('the same interval read again does not count twice', () => {
    const same = { ...spike, intervalStart: quiet.intervalStart };
    expect(play([same, same, same], twice).words).toEqual(['carbon-spike noticed']);
    const end = { intervalStart: quiet.intervalStart + 9 * MINUTE };
    expect(play([end, end, end], twice, play([spike, spike], twice).state).words).toEqual([]);
  });

  test('a second detection of the same start opens nothing new', () => {
    const { state } = play([spike]);
    expect(detect(state, { ...quiet, ...spike }, once).changes).toEqual([]);
  });
});

describe('shed and calls', () => {
  const surplus = { price: -1n };
  test('shed keeps absorb away and ends an open one, whatever the count', () => {
    expect(play([surplus], { ...once, shedOpen: true }).words).toEqual([]);
    expect(play([surplus], { ...twice, shedOpen: true }, play([surplus, surplus], twice).state).words).toEqual(['absorb closed']);
  });

  test('what somebody called is not detected and not ended beside them', () => {
    const called = { ...once, called: new Set<GridEventKind>(['absorb']) };
    expect(play([surplus, {}], called).words).toEqual([]);
  });

  test('other kinds go on during a shed', () => expect(play([{ intensity: 500_000n }], { ...once, shedOpen: true }).words).toEqual(['carbon-spike opened']));
});

describe('hysteresis', () => {
  const crossing = (edge: bigint, make: (value: bigint) => Partial<Reading>) =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -10, max: 10 }), { minLength: 100, maxLength: 100 }), fc.constantFrom(once, twice), (wobbles, options) => {
        const readings = wobbles.map((permille) => make((edge * BigInt(1_000 + permille)) / 1_000n));
        return play(readings, options).told.filter(({ change }) => change === 'opened').length <= 2;
      }),
    );

  test('W-53: crossing the opening edge 100 times by ± 1 % gives at most 2 events', () => {
    crossing(390_000n, (intensity) => ({ intensity }));
    crossing(160_000_000n, (price) => ({ price }));
    crossing(42_000_000n, (renewables) => ({ renewables }));
  });

  test('whatever is read, an event closes only after it opened, and one of a kind is open at a time', () => {
    const reading = fc.record({ intensity: fc.option(fc.bigInt(0n, 900_000n)), price: fc.option(fc.bigInt(-90_000_000n, 400_000_000n)), renewables: fc.option(fc.bigInt(0n, 60_000_000n)), curtailed: fc.option(fc.bigInt(0n, 3n)), fresh: fc.boolean() });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), fc.constantFrom(once, twice), (readings, options) => {
        const open = new Map<string, boolean>();
        return play(readings, options).told.every(({ kind, change }) => {
          const was = open.get(kind) ?? false;
          open.set(kind, change === 'opened' || (was && change !== 'closed'));
          return change === 'closed' ? was : !was;
        });
      }),
    );
  });

  test('the state survives JSON, as it does in the database', () => {
    const { state } = play([{ intensity: 500_000n, price: -1n }], twice);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

describe('W-54', () => {
  test('an id is the kind and the start', () => expect(gridEventId('carbon-spike', Date.parse('2026-01-15T12:00:00.000Z'))).toBe('carbon-spike-20260115T120000Z'));

  test('evidence is what was read, as text, and the rows it came from', () => {
    expect(evidenceOf({ ...quiet, curtailed: null }, ['price at or below 0'], ['ab12'])).toEqual({
      clauses: ['price at or below 0'], interval_start: '2026-11-21T13:00:00.000Z', source_time: '2026-01-15T12:00:00.000Z',
      values: { intensity_mg_per_kwh: '300000', price_micro_usd_per_mwh: '80000000', renewables_kw: '30000000', demand_kw: '60000000', curtailed_kw: null },
      means: { intensity_mg_per_kwh: '300000', price_micro_usd_per_mwh: '80000000', days: 7 }, rows: ['ab12'],
    });
  });
});
