import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeNode, OFFLINE_AFTER_MS, SILENT_AFTER_MS, type NodeFacts, type NodeState } from './node-state.ts';

const STATES: readonly NodeState[] = ['provisioning', 'online', 'degraded', 'draining', 'silent', 'offline', 'quarantined', 'retired'];
const REPORT_MS = 10_000;
const well: NodeFacts = {
  state: 'online', desired: 'serve', heartbeatAgeMs: 0, heartbeatsInRow: 9, answerAgeMs: 0, reportAgeMs: 0, reportMs: REPORT_MS, health: 'ok', meter: 'ok', availability: 'available',
  failedCalls: 0, failedCallAgeMs: null, changes: 0, strikes: 0,
};
const age = fc.option(fc.integer({ min: 0, max: 120_000 }), { freq: 8 });
const facts: fc.Arbitrary<NodeFacts> = fc.record({
  state: fc.constantFrom(...STATES), desired: fc.constantFrom('serve', 'serve', 'serve', 'drain', 'stop'), heartbeatAgeMs: age, heartbeatsInRow: fc.nat(6), answerAgeMs: age, reportAgeMs: age, reportMs: fc.constant(REPORT_MS),
  health: fc.constantFrom('ok', 'ok', 'degraded'), meter: fc.constantFrom('ok', 'ok', 'no_reading'), availability: fc.constantFrom('available', 'available', 'owner_in_use', 'draining'),
  failedCalls: fc.nat(5), failedCallAgeMs: age, changes: fc.nat(25), strikes: fc.nat(4),
});
const runs = { numRuns: 2_000 };
const takesWork = (state: NodeState) => state === 'online' || state === 'degraded';

describe('edges of the table before W-30', () => {
  test.each<[string, Partial<NodeFacts>, NodeState]>([
    ['a heartbeat exactly 15 s ago', { heartbeatAgeMs: SILENT_AFTER_MS }, 'online'],
    ['1 ms more', { heartbeatAgeMs: SILENT_AFTER_MS + 1 }, 'silent'],
    ['60 s without heartbeat, answered within 15', { heartbeatAgeMs: OFFLINE_AFTER_MS + 1, answerAgeMs: SILENT_AFTER_MS }, 'silent'],
    ['60 s without either', { heartbeatAgeMs: OFFLINE_AFTER_MS + 1, answerAgeMs: SILENT_AFTER_MS + 1 }, 'offline'],
    ['exactly 60 s', { heartbeatAgeMs: OFFLINE_AFTER_MS, answerAgeMs: null }, 'silent'],
    ['a report as late as three', { reportAgeMs: 3 * REPORT_MS }, 'online'],
    ['1 ms later', { reportAgeMs: 3 * REPORT_MS + 1 }, 'degraded'],
    ['three failed calls, the last 60 s ago', { failedCalls: 3, failedCallAgeMs: 60_000 }, 'degraded'],
    ['the last one before that', { failedCalls: 3, failedCallAgeMs: 60_001 }, 'online'],
    ['two failed calls', { failedCalls: 2, failedCallAgeMs: 0 }, 'online'],
    ['19 changes in an hour', { changes: 19 }, 'online'],
    ['20', { changes: 20 }, 'degraded'],
    ['two strikes', { strikes: 2 }, 'online'],
    ['three', { strikes: 3 }, 'quarantined'],
    ['back after two beats', { state: 'offline', heartbeatsInRow: 2 }, 'offline'],
    ['after three', { state: 'offline', heartbeatsInRow: 3 }, 'online'],
    ['never heard of', { state: 'provisioning', heartbeatAgeMs: null }, 'provisioning'],
    ['heard, but it never reported', { state: 'provisioning', reportAgeMs: null }, 'provisioning'],
    ['all three', { state: 'provisioning' }, 'online'],
  ])('%s', (_name, over, state) => expect(judgeNode({ ...well, ...over }).state).toBe(state));
});

describe('whatever is known of a node', () => {
  test('it gets a state of the table and a cause in a word', () => {
    fc.assert(fc.property(facts, (known) => {
      const { state, cause } = judgeNode(known);
      return STATES.includes(state) && /^[a-z_]+$/.test(cause);
    }), runs);
  });

  test('people alone lift a quarantine and retire a node', () => {
    fc.assert(fc.property(facts, (known) => {
      const { state } = judgeNode(known);
      if (known.state === 'quarantined' || known.state === 'retired') return state === known.state;
      return state !== 'retired' && (state !== 'quarantined' || known.strikes >= 3);
    }), runs);
  });

  test('work is placed only where a heartbeat was heard, and nobody asked it to leave', () => {
    fc.assert(fc.property(facts, (known) => !takesWork(judgeNode(known).state) || (known.heartbeatAgeMs !== null && known.heartbeatAgeMs <= SILENT_AFTER_MS && known.desired === 'serve' && known.availability === 'available')), runs);
  });

  test('`online` is spotless: each flaw alone takes it away', () => {
    const flaws: Partial<NodeFacts>[] = [{ health: 'degraded' }, { meter: 'no_reading' }, { reportAgeMs: 30_001 }, { failedCalls: 3, failedCallAgeMs: 0 }, { changes: 20 }, { desired: 'drain' }, { availability: 'owner_in_use' }, { strikes: 3 }, { heartbeatAgeMs: 15_001 }];
    fc.assert(fc.property(facts, fc.constantFrom(...flaws), (known, flaw) => judgeNode({ ...known, ...flaw }).state !== 'online'), runs);
  });

  test('a silent node does not become better by being judged again', () => {
    fc.assert(fc.property(facts, (known) => {
      const first = judgeNode(known).state;
      return first !== 'offline' || known.heartbeatsInRow >= 3 || judgeNode({ ...known, state: first }).state === 'offline';
    }), runs);
  });
});
