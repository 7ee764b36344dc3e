import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { windowStep, type Asked } from './window.ts';

const LIMITS = { windowSize: 3, askAgainMs: 30_000 };
const asked = (workloadId: string, signalledAtMs: number | null = null, askedAgainAtMs: number | null = null): Asked => ({ workloadId, signalledAtMs, askedAgainAtMs });

describe('W-103: the sliding window', () => {
  test.each<[string, Asked[], number, { tell: string[]; askAgain: string[]; giveUp: string[] }]>([
    ['fills up to its size, in order', ['a', 'b', 'c', 'd'].map((id) => asked(id)), 0, { tell: ['a', 'b', 'c'], askAgain: [], giveUp: [] }],
    ['takes the next as one answers', [asked('a', 0), asked('b', 0), asked('d')], 5_000, { tell: ['d'], askAgain: [], giveUp: [] }],
    ['is full with three that are silent', [asked('a', 0), asked('b', 0), asked('c', 0), asked('d')], 29_999, { tell: [], askAgain: [], giveUp: [] }],
    ['asks once more after 30 s', [asked('a', 0), asked('b', 1)], 30_000, { tell: [], askAgain: ['a'], giveUp: [] }],
    ['asks nobody a third time', [asked('a', 0, 30_000)], 59_999, { tell: [], askAgain: [], giveUp: [] }],
    ['gives up 30 s after the second time, which makes room', [asked('a', 0, 30_000), asked('b', 0, 30_001), asked('c', 0, 30_001), asked('d')], 60_000, { tell: ['d'], askAgain: [], giveUp: ['a'] }],
    ['has nothing to do with nobody', [], 0, { tell: [], askAgain: [], giveUp: [] }],
  ])('%s', (_, given, nowMs, step) => expect(windowStep(given, nowMs, LIMITS)).toEqual(step));
});

/** Plays an event to its end: who answers does so after their own delay, the others never. */
function play(delays: readonly (number | null)[], limits: typeof LIMITS) {
  let rows: (Asked & { answersAtMs: number | null })[] = delays.map((_, n) => ({ ...asked(`w${n}`), answersAtMs: null }));
  const told = new Map<string, number>();
  let [most, mostSignals] = [0, 0];
  const given = new Set<string>();
  for (let now = 0; rows.length > 0; now += 1_000) {
    if (now > 10_000_000) throw new Error('it does not end');
    rows = rows.filter(({ answersAtMs }) => answersAtMs === null || answersAtMs > now);
    const { tell, askAgain, giveUp } = windowStep(rows, now, limits);
    for (const id of giveUp) given.add(id);
    for (const id of [...tell, ...askAgain]) told.set(id, (told.get(id) ?? 0) + 1);
    rows = rows.filter(({ workloadId }) => !giveUp.includes(workloadId)).map((row) => {
      const delay = delays[Number(row.workloadId.slice(1))]!;
      if (tell.includes(row.workloadId)) return { ...row, signalledAtMs: now, answersAtMs: delay === null ? null : now + delay };
      return askAgain.includes(row.workloadId) ? { ...row, askedAgainAtMs: now } : row;
    });
    most = Math.max(most, rows.filter(({ signalledAtMs }) => signalledAtMs !== null).length);
    mostSignals = Math.max(mostSignals, tell.length + askAgain.length);
  }
  return { told, given, most, mostSignals };
}

test('any event ends; nobody is told more than twice, the window is never passed, and who never answers is given up', () => {
  fc.assert(fc.property(fc.array(fc.option(fc.integer({ min: 1, max: 55_000 })), { maxLength: 40 }), fc.integer({ min: 1, max: 10 }), (delays, windowSize) => {
    const { told, given, most, mostSignals } = play(delays, { windowSize, askAgainMs: 30_000 });
    expect(told.size).toBe(delays.length);
    expect(Math.max(0, ...told.values())).toBeLessThanOrEqual(2);
    expect(most).toBeLessThanOrEqual(windowSize);
    expect(mostSignals).toBeLessThanOrEqual(windowSize);
    expect([...given].sort()).toEqual(delays.flatMap((delay, n) => (delay === null ? [`w${n}`] : [])).sort());
  }), { numRuns: 60 });
});
