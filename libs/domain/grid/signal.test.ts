import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalSignal, inBounds, seriesKey, showSignal, toInteger, unitOf, type SignalRow, type SignalValue } from './signal.ts';

const row: SignalRow = {
  zone: 'FR', kind: 'intensity', basis: 'average_lifecycle', fuel: null, value: 56_600n, intervalStart: Date.parse('2026-11-21T13:00:00Z'), lengthS: 60,
  sourceTime: Date.parse('2026-01-15T12:00:00Z'), source: 'simulated', sourceRef: 'seed-1', issuedAt: Date.parse('2026-11-21T13:00:01Z'), quality: 'preliminary', override: false,
};
const value = (kind: SignalValue['kind'], of: bigint, basis: SignalValue['basis'] = null): SignalValue => ({ kind, basis, fuel: null, value: of });

describe('W-38: bounds', () => {
  test.each([
    ['intensity 0', value('intensity', 0n, 'average_lifecycle'), true],
    ['intensity 2,000 g', value('intensity', 2_000_000n, 'average_lifecycle'), true],
    ['intensity above', value('intensity', 2_000_001n, 'average_lifecycle'), false],
    ['average below 0', value('intensity', -1n, 'average_direct'), false],
    ['marginal −500 g', value('intensity', -500_000n, 'marginal'), true],
    ['marginal below', value('intensity', -500_001n, 'marginal'), false],
    ['price −10,000 USD', value('price', -10_000_000_000n), true],
    ['price below', value('price', -10_000_000_001n), false],
    ['price 20,000 USD', value('price', 20_000_000_000n), true],
    ['price above', value('price', 20_000_000_001n), false],
    ['power 1,000,000 MW', value('demand', 1_000_000_000n), true],
    ['power above', value('generation', 1_000_000_001n), false],
    ['power below 0', value('curtailed', -1n), false],
  ])('%s', (_name, one, expected) => expect(inBounds(one)).toBe(expected));
});

describe('W-1: what is shown', () => {
  test.each([
    ['intensity', 56_600n, '56.6', 'gCO2e/kWh'],
    ['price', 74_564_123n, '74.564', 'USD/MWh'],
    ['price', -68_083_500n, '-68.084', 'USD/MWh'],
    ['demand', 58_306_300n, '58306.3', 'MW'],
  ] as const)('%s %s is %s %s', (kind, stored, shown, unit) => {
    expect(showSignal(kind, stored)).toBe(shown);
    expect(unitOf(kind)).toBe(unit);
  });

  test('never more than three decimals', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 11n), 10n ** 11n), (stored) => !/\.\d{4}/.test(showSignal('price', stored))));
  });
});

describe('toInteger', () => {
  test.each([[56.6, 3, 56_600n], [0.0005, 3, 0n], [0.0015, 3, 2n], [2.5, 0, 2n], [3.5, 0, 4n], [-2.5, 0, -2n], [-0.4, 0, 0n], [-68.083, 6, -68_083_000n]])(
    '%s with %s places is %s',
    (number, places, expected) => expect(toInteger(number, places)).toBe(expected),
  );

  test('is never more than half a unit away', () => {
    fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (number) => Math.abs(Number(toInteger(number, 3)) - number * 1_000) <= 0.5 + 1e-6));
  });
});

describe('canonicalSignal', () => {
  test('members stand in order, integers are texts, times are RFC 3339 with milliseconds', () => {
    expect(canonicalSignal(row)).toBe(
      '{"basis":"average_lifecycle","fuel":null,"interval_start":"2026-11-21T13:00:00.000Z","issued_at":"2026-11-21T13:00:01.000Z","kind":"intensity","length_s":60,' +
        '"override":false,"quality":"preliminary","source":"simulated","source_ref":"seed-1","source_time":"2026-01-15T12:00:00.000Z","unit":"gCO2e/kWh","value":"56600","zone":"FR"}',
    );
    const members = Object.keys(JSON.parse(canonicalSignal(row)));
    expect(members).toEqual([...members].sort());
  });

  test('whatever the row says changes the text', () => {
    const others: Partial<SignalRow>[] = [
      { zone: 'DE' }, { kind: 'price', basis: null }, { basis: 'marginal' }, { fuel: 'wind' }, { value: 56_601n }, { intervalStart: 0 }, { lengthS: 61 }, { sourceTime: 0 },
      { source: 'replay' }, { sourceRef: '' }, { issuedAt: 0 }, { quality: 'final' }, { override: true },
    ];
    const texts = others.map((other) => canonicalSignal({ ...row, ...other }));
    expect(new Set([canonicalSignal(row), ...texts]).size).toBe(others.length + 1);
  });
});

test('a series has one key', () => {
  expect([value('price', 1n), value('intensity', 1n, 'marginal'), { ...value('generation', 1n), fuel: 'wind' as const }, value('generation', 1n)].map(seriesKey)).toEqual([
    'price:', 'intensity:marginal', 'generation:wind', 'generation:',
  ]);
});
