import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeNode, type NodeFacts, type NodeState } from './node-state.ts';

const STATES: readonly NodeState[] = ['provisioning', 'online', 'degraded', 'draining', 'silent', 'offline', 'quarantined', 'retired'];
const well: NodeFacts = {
  state: 'online', desired: 'serve', heartbeatAgeMs: 4_000, heartbeatsInRow: 10, answerAgeMs: 8_000, reportAgeMs: 9_000, reportMs: 10_000, health: 'ok', meter: 'ok',
  availability: 'available', failedCalls: 0, failedCallAgeMs: null, changes: 0, strikes: 0,
};
const judged = (over: Partial<NodeFacts>) => {
  const { state, cause } = judgeNode({ ...well, ...over });
  return `${state} ${cause}`;
};

describe('judgeNode: the table before W-30', () => {
  test.each<[string, Partial<NodeFacts>, string]>([
    ['a node that does all right', {}, 'online healthy'],
    ['registered, never heard', { state: 'provisioning', heartbeatAgeMs: null, answerAgeMs: null, reportAgeMs: null }, 'provisioning registered'],
    ['registered, beats, no report yet', { state: 'provisioning', reportAgeMs: null }, 'provisioning registered'],
    ['registered, beats and reports, never asked', { state: 'provisioning', answerAgeMs: null }, 'provisioning registered'],
    ['registered, first health and first report seen', { state: 'provisioning', heartbeatsInRow: 1 }, 'online healthy'],
    ['a heartbeat of 15 s ago', { heartbeatAgeMs: 15_000 }, 'online healthy'],
    ['a heartbeat of 15.001 s ago', { heartbeatAgeMs: 15_001 }, 'silent no_heartbeat'],
    ['no heartbeat for a minute, but it answers', { state: 'silent', heartbeatAgeMs: 90_000, answerAgeMs: 1_000 }, 'silent no_heartbeat'],
    ['no heartbeat for a minute, no answer', { state: 'silent', heartbeatAgeMs: 60_001, answerAgeMs: 70_000 }, 'offline no_answer'],
    ['offline that answers without beating', { state: 'offline', heartbeatAgeMs: 90_000, answerAgeMs: 1_000 }, 'offline no_heartbeat'],
    ['back from silence with two beats', { state: 'silent', heartbeatsInRow: 2 }, 'silent coming_back'],
    ['back from silence with three beats', { state: 'silent', heartbeatsInRow: 3 }, 'online came_back'],
    ['back from offline with three beats', { state: 'offline', heartbeatsInRow: 3 }, 'online came_back'],
    ['health degraded', { health: 'degraded' }, 'degraded health'],
    ['no reading', { meter: 'no_reading' }, 'degraded no_reading'],
    ['a report 3 × 10 s ago', { reportAgeMs: 30_000 }, 'online healthy'],
    ['a report later than that', { reportAgeMs: 30_001 }, 'degraded late_reports'],
    ['two failed calls', { failedCalls: 2, failedCallAgeMs: 1_000 }, 'online healthy'],
    ['three failed calls', { failedCalls: 3, failedCallAgeMs: 60_000 }, 'degraded failed_calls'],
    ['three failed calls, the last over a minute ago', { failedCalls: 3, failedCallAgeMs: 60_001 }, 'online healthy'],
    ['twenty changes in an hour', { changes: 20 }, 'degraded restless'],
    ['the operator drains it', { desired: 'drain' }, 'draining operator'],
    ['the owner plays', { availability: 'owner_in_use', health: 'degraded' }, 'draining owner_in_use'],
    ['it drains by itself', { availability: 'draining' }, 'draining draining'],
    ['drained before, silent now', { state: 'draining', availability: 'draining', heartbeatAgeMs: 20_000 }, 'silent no_heartbeat'],
    ['drained no more', { state: 'draining' }, 'online healthy'],
    ['two strikes', { strikes: 2 }, 'online healthy'],
    ['three strikes', { strikes: 3 }, 'quarantined strikes'],
    ['three strikes of a silent node', { state: 'silent', strikes: 3 }, 'quarantined strikes'],
  ])('%s', (_name, over, expected) => expect(judged(over)).toBe(expected));

  test.each(['quarantined', 'retired'] as const)('%s is left by people only', (state) => {
    fc.assert(fc.property(facts, (any) => judgeNode({ ...any, state }).state === state));
  });

  test('a node without a heartbeat for 15 s is never placed on', () => {
    fc.assert(fc.property(facts, fc.integer({ min: 15_001, max: 10 ** 7 }), (any, heartbeatAgeMs) => !['online', 'degraded'].includes(judgeNode({ ...any, heartbeatAgeMs }).state)));
  });

  test('judging twice at one moment changes nothing, but for the row of beats that a return needs', () => {
    fc.assert(
      fc.property(facts, (any) => {
        const first = judgeNode(any);
        return judgeNode({ ...any, state: first.state }).state === first.state || ['silent', 'offline', 'provisioning'].includes(first.state);
      }),
    );
  });
});

const age = fc.option(fc.integer({ min: 0, max: 200_000 }));
const facts: fc.Arbitrary<NodeFacts> = fc.record({
  state: fc.constantFrom(...STATES), desired: fc.constantFrom('serve', 'drain', 'stop'), heartbeatAgeMs: age, heartbeatsInRow: fc.nat(5), answerAgeMs: age, reportAgeMs: age,
  reportMs: fc.constant(10_000), health: fc.constantFrom('ok', 'degraded'), meter: fc.constantFrom('ok', 'no_reading'), availability: fc.constantFrom('available', 'owner_in_use', 'draining'),
  failedCalls: fc.nat(5), failedCallAgeMs: age, changes: fc.nat(30), strikes: fc.nat(4),
});
