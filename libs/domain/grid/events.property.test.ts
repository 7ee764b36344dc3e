import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DETECTED_KINDS, EVENT_RULES, type DetectedKind, type GridEventKind, type Reading } from './event-rules.ts';
import { confirmationsFor, detect, gridEventId, type DetectorState } from './events.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-21T13:00:00Z');
/** [first interval, interval it opened in, interval it closed in]; null is still open. */
type Stretch = [first: number, opened: number, closed: number | null];
interface Step extends Omit<Reading, 'intervalStart' | 'sourceTime'> {
  readonly shed: boolean;
}

/** What the detector makes of a series, as stretches by kind. */
function detected(series: readonly Step[], confirmations: number): Record<DetectedKind, Stretch[]> {
  const found: Record<DetectedKind, Stretch[]> = { absorb: [], 'carbon-spike': [], 'price-spike': [], 'stale-signal': [] };
  let state: DetectorState = {};
  series.forEach(({ shed, ...reading }, i) => {
    const at = START + i * MINUTE;
    const result = detect(state, { ...reading, intervalStart: at, sourceTime: at }, { confirmations, shedOpen: shed, called: new Set<GridEventKind>() });
    state = result.state;
    for (const { kind, change, start } of result.changes) {
      if (change === 'opened') found[kind].push([(start - START) / MINUTE, i, null]);
      if (change === 'closed') found[kind].at(-1)![2] = i;
    }
  });
  return found;
}

/** W-52's table in decimals of the API's units, for readings in which all is known. */
const OPENS: Record<DetectedKind, (s: Step) => boolean> = {
  absorb: ({ renewables: r, demand: d, price: p, curtailed: c, shed }) => !shed && (Number(r) > 0.7 * Number(d) || Number(p) <= 0 || Number(c) > 0),
  'carbon-spike': ({ intensity: i, meanIntensity: m }) => Number(i) >= 1.3 * Number(m) && Number(i) - Number(m) >= 50_000,
  'price-spike': ({ price: p, meanPrice: m }) => Number(p) >= 2 * Math.max(Number(m), 0) && Number(p) - Math.max(Number(m), 0) >= 50e6,
  'stale-signal': ({ fresh }) => !fresh,
};
const CLOSES: Record<DetectedKind, (s: Step) => boolean> = {
  absorb: ({ renewables: r, demand: d, price: p, curtailed: c }) => Number(r) < 0.65 * Number(d) && Number(p) > 5e6 && Number(c) === 0,
  'carbon-spike': ({ intensity: i, meanIntensity: m }) => Number(i) < 1.15 * Number(m),
  'price-spike': ({ price: p, meanPrice: m }) => Number(p) < 1.5 * Math.max(Number(m), 0),
  'stale-signal': ({ fresh }) => fresh,
};

/** W-53 by looking at the whole series: the first run of `count` that opens, then the first run of `count` after it that closes. */
function expected(kind: DetectedKind, series: readonly Step[], count: number): Stretch[] {
  const runEnds = (from: number, holds: (s: Step) => boolean) => series.findIndex((_, at) => at - count + 1 >= from && series.slice(at - count + 1, at + 1).every(holds));
  const stretches: Stretch[] = [];
  for (let from = 0; ; ) {
    const opened = runEnds(from, OPENS[kind]);
    if (opened === -1) return stretches;
    const ended = runEnds(opened + 1, CLOSES[kind]);
    const shed = kind === 'absorb' ? series.findIndex((s, at) => at > opened && s.shed) : -1;
    const closed = [ended, shed].filter((at) => at !== -1).sort((a, b) => a - b)[0] ?? null;
    stretches.push([opened - count + 1, opened, closed]);
    if (closed === null) return stretches;
    from = closed + 1;
  }
}

// Values on, just beside and far from each edge; 40,000,000 and 200,000 keep 0.65, 0.7, 1.15 and 1.3 of them whole.
const step: fc.Arbitrary<Step> = fc.record({
  intensity: fc.constantFrom(200_000n, 229_999n, 230_000n, 250_000n, 259_999n, 260_000n, 400_000n),
  meanIntensity: fc.constant(200_000n),
  price: fc.constantFrom(-5_000_000n, 0n, 1n, 5_000_000n, 5_000_001n, 40_000_000n, 89_999_999n, 90_000_000n, 119_999_999n, 120_000_000n),
  meanPrice: fc.constantFrom(60_000_000n, 60_000_000n, 20_000_000n),
  renewables: fc.constantFrom(20_000_000n, 25_999_999n, 26_000_000n, 27_000_000n, 28_000_000n, 28_000_001n, 39_000_000n),
  demand: fc.constant(40_000_000n),
  curtailed: fc.constantFrom(0n, 0n, 0n, 1n),
  installed: fc.constant(1_000_000_000n),
  fresh: fc.constantFrom(true, true, false),
  shed: fc.constantFrom(false, false, false, false, true),
});
const series = fc.array(step, { maxLength: 80 });

describe('W-52, W-53: any series, against a look at the whole of it', () => {
  test.each([['every 5 minutes', 300], ['every quarter', 900], ['every half hour', 1_800], ['every hour', 3_600]])('a source that speaks %s', (_name, stepS) => {
    const count = stepS <= 15 * 60 ? 2 : 1;
    expect(confirmationsFor(stepS)).toBe(count);
    fc.assert(fc.property(series, (steps) => {
      const found = detected(steps, count);
      for (const kind of DETECTED_KINDS) expect(found[kind], kind).toEqual(expected(kind, steps, count));
    }), { numRuns: 300 });
  });

  test('events of a kind never overlap, so no two of them have one id', () => {
    fc.assert(fc.property(series, fc.constantFrom(1, 2), (steps, count) => {
      for (const [kind, stretches] of Object.entries(detected(steps, count))) {
        const ids = stretches.map(([first]) => gridEventId(kind as DetectedKind, START + first * MINUTE));
        expect(new Set(ids).size).toBe(stretches.length);
        stretches.forEach(([first], i) => expect(first).toBeGreaterThan(i === 0 ? -1 : stretches[i - 1]![2]!));
      }
    }));
  });

  test('no event of absorb is open in an interval of a shed', () => {
    fc.assert(fc.property(series, fc.constantFrom(1, 2), (steps, count) => {
      const open = (at: number) => detected(steps, count).absorb.some(([, opened, closed]) => opened <= at && (closed === null || at < closed));
      expect(steps.flatMap(({ shed }, at) => (shed && open(at) ? [at] : []))).toEqual([]);
    }), { numRuns: 40 });
  });
});

describe('W-52: hysteresis lies between two edges that never touch', () => {
  const reading = step.map((one) => ({ ...one, intervalStart: START, sourceTime: START }));
  test.each(DETECTED_KINDS)('%s: what opens it does not close it', (kind) => {
    fc.assert(fc.property(reading, (one) => {
      const clauses = EVENT_RULES[kind].opening(one);
      return clauses.length === 0 || !EVENT_RULES[kind].closes(one, clauses);
    }), { numRuns: 500 });
  });

  test.each(['intensity', 'price', 'meanIntensity', 'meanPrice', 'renewables', 'demand', 'curtailed'] as const)('%s unknown opens nothing that was not open to see without it', (name) => {
    fc.assert(fc.property(reading, (one) => {
      for (const kind of DETECTED_KINDS) expect(EVENT_RULES[kind].opening(one)).toEqual(expect.arrayContaining(EVENT_RULES[kind].opening({ ...one, [name]: null })));
    }));
  });
});
