import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeNode, type NodeFacts, type NodeState } from './node-state.ts';

const STATES: readonly NodeState[] = ['provisioning', 'online', 'degraded', 'draining', 'silent', 'offline', 'quarantined', 'retired'];
const age = fc.option(fc.constantFrom(0, 14_999, 15_000, 15_001, 29_999, 30_000, 30_001, 59_999, 60_000, 60_001, 3_600_000), { freq: 8 });
const facts: fc.Arbitrary<NodeFacts> = fc.record({
  state: fc.constantFrom(...STATES), desired: fc.constantFrom('serve', 'serve', 'serve', 'drain', 'stop'), heartbeatAgeMs: age, heartbeatsInRow: fc.constantFrom(0, 1, 2, 3, 4), answerAgeMs: age, reportAgeMs: age,
  reportMs: fc.constantFrom(5_000, 10_000, 20_000), health: fc.constantFrom('ok', 'ok', 'ok', 'degraded'), meter: fc.constantFrom('ok', 'ok', 'ok', 'no_reading'),
  availability: fc.constantFrom('available', 'available', 'available', 'owner_in_use', 'draining'), failedCalls: fc.constantFrom(0, 2, 3, 4), failedCallAgeMs: age, changes: fc.constantFrom(0, 19, 20, 21), strikes: fc.constantFrom(0, 0, 1, 2, 3),
});
const runs = { numRuns: 3_000 };
const since = (ms: number | null) => ms ?? Infinity;

/** The table before W-30 as a list of rows, the strongest first: a row says when it holds, not what was asked before it. */
const ROWS: readonly (readonly [NodeState, (f: NodeFacts) => boolean])[] = [
  ['retired', (f) => f.state === 'retired'],
  ['quarantined', (f) => f.state === 'quarantined' || f.strikes >= 3],
  ['provisioning', (f) => f.state === 'provisioning' && [f.heartbeatAgeMs, f.answerAgeMs, f.reportAgeMs].includes(null)],
  // "no heartbeat 60 s and no answer": an answer counts as long as it is not older than a silence
  ['offline', (f) => since(f.heartbeatAgeMs) > 60_000 && since(f.answerAgeMs) > 15_000],
  // "back after 3 heartbeats in a row", and nothing else brings a node back from there
  ['offline', (f) => f.state === 'offline' && (since(f.heartbeatAgeMs) > 15_000 || f.heartbeatsInRow < 3)],
  ['silent', (f) => since(f.heartbeatAgeMs) > 15_000],
  ['silent', (f) => f.state === 'silent' && f.heartbeatsInRow < 3],
  ['draining', (f) => f.desired !== 'serve' || f.availability !== 'available'],
  ['degraded', (f) => f.health === 'degraded' || f.meter === 'no_reading'],
  ['degraded', (f) => since(f.reportAgeMs) > 3 * f.reportMs],
  ['degraded', (f) => f.failedCalls >= 3 && since(f.failedCallAgeMs) <= 60_000],
  ['degraded', (f) => f.changes >= 20],
  ['online', () => true],
];

describe('the table before W-30, row by row', () => {
  test('whatever is known, the first row that holds is the state', () => {
    fc.assert(fc.property(facts, (known) => {
      expect(judgeNode(known).state).toBe(ROWS.find(([, holds]) => holds(known))![0]);
    }), runs);
  });

  test('every row is the deciding one for somebody, so none of them is idle', () => {
    const deciding = new Set(fc.sample(facts, { numRuns: 20_000, seed: 1 }).map((known) => ROWS.findIndex(([, holds]) => holds(known))));
    expect([...deciding].sort((a, b) => a - b)).toEqual(ROWS.map((_, i) => i));
  });

  test('judged again with the same facts nothing changes, but a node that came back is healthy', () => {
    fc.assert(fc.property(facts, (known) => {
      const first = judgeNode(known);
      const again = judgeNode({ ...known, state: first.state });
      expect(again.state).toBe(first.state);
      expect(again.cause).toBe(first.cause === 'came_back' ? 'healthy' : again.cause);
    }), runs);
  });
});

describe('a node\'s story, second by second', () => {
  /** Judges each second of a node that beats, answers and reports in the given stretches (seconds, end exclusive). */
  function play(seconds: number, beats: (s: number) => boolean, answers: (s: number) => boolean) {
    let state: NodeState = 'online';
    let [beatAt, answeredAt, inRow] = [0, 0, 3];
    return Array.from({ length: seconds }, (_, s) => {
      if (s > 0 && s % 5 === 0) inRow = beats(s) ? inRow + 1 : 0;
      if (s % 5 === 0 && beats(s)) beatAt = s;
      if (answers(s)) answeredAt = s;
      state = judgeNode({
        state, desired: 'serve', heartbeatAgeMs: (s - beatAt) * 1_000, heartbeatsInRow: inRow, answerAgeMs: (s - answeredAt) * 1_000, reportAgeMs: 0, reportMs: 10_000,
        health: 'ok', meter: 'ok', availability: 'available', failedCalls: 0, failedCallAgeMs: null, changes: 0, strikes: 0,
      }).state;
      return state;
    });
  }
  /** The seconds at which the state changes. */
  const changes = (states: readonly NodeState[]) => states.flatMap((state, s) => (s > 0 && states[s - 1] !== state ? [`${s} ${state}`] : []));

  test.each<[string, (s: number) => boolean, (s: number) => boolean, string[]]>([
    ['beats all along', () => true, () => true, []],
    ['two beats lost', (s) => s < 10 || s > 15, () => true, []],
    ['falls silent and stays reachable', (s) => s <= 10, () => true, ['26 silent']],
    // The last beat at 10 s: silent after 15 s, offline after 60 s
    ['dies', (s) => s <= 10, (s) => s <= 10, ['26 silent', '71 offline']],
    ['answers until 60 s', (s) => s <= 10, (s) => s <= 60, ['26 silent', '76 offline']],
    // Beats at 100, 105 and 110 s
    ['comes back', (s) => s <= 10 || s >= 100, (s) => s <= 10 || s >= 100, ['26 silent', '71 offline', '110 online']],
    ['comes back from silence', (s) => s <= 10 || s >= 40, () => true, ['26 silent', '50 online']],
    ['every second beat is lost: never silent', (s) => s % 10 === 0, () => true, []],
  ])('%s', (_name, beats, answers, expected) => expect(changes(play(150, beats, answers))).toEqual(expected));
});
