import { describe, expect, test } from 'vitest';
import { allowedCommands, COMMANDS, refusal, standing, type Command } from './commands.ts';
import { allowedEvents, END_REASONS, endOf, isEnd, nextState, WORKLOAD_STATES, type EndReason, type WorkloadEvent, type WorkloadState } from './states.ts';

const EVENTS: WorkloadEvent[] = [
  'awaited', 'noNode', 'placed', 'notStarted', 'started', 'checkpointing', 'moving', 'rolledBack', 'displaced', 'paused', 'resumed', 'ending', 'completed', 'failed', 'cancelled', 'expired',
];
const run = (...events: WorkloadEvent[]) => events.reduce<WorkloadState>(nextState, 'accepted');

describe('states (diagram before W-90)', () => {
  test.each<[string, WorkloadEvent[], WorkloadState]>([
    ['straight through', ['placed', 'started', 'ending', 'completed'], 'completed'],
    ['waits, queues, runs', ['awaited', 'awaited', 'noNode', 'placed', 'started'], 'running'],
    ['a start that fails, on the next node', ['placed', 'notStarted', 'placed', 'started'], 'running'],
    ['a move', ['placed', 'started', 'checkpointing', 'moving', 'started'], 'running'],
    ['a move that does not come to its end', ['placed', 'started', 'checkpointing', 'moving', 'rolledBack'], 'running'],
    ['the node is lost in a move', ['placed', 'started', 'checkpointing', 'displaced', 'noNode'], 'queued'],
    ['pause and resume', ['placed', 'started', 'paused', 'resumed', 'placed', 'started'], 'running'],
    ['resume finds no node', ['placed', 'started', 'paused', 'resumed', 'noNode', 'placed'], 'placing'],
  ])('%s', (_name, events, end) => expect(run(...events)).toBe(end));

  test.each(WORKLOAD_STATES.flatMap((state) => EVENTS.map((event) => [state, event] as const)))('%s + %s', (state, event) => {
    if (allowedEvents(state).includes(event)) expect(WORKLOAD_STATES).toContain(nextState(state, event));
    else expect(() => nextState(state, event)).toThrow(`a workload that is ${state} cannot be ${event}`);
  });

  test('every state before settling can end, and only through settling', () => {
    const before = WORKLOAD_STATES.filter((state) => state !== 'settling' && !isEnd(state));
    expect(before.map((state) => nextState(state, 'ending'))).toEqual(before.map(() => 'settling'));
    expect(WORKLOAD_STATES.filter((state) => allowedEvents(state).some((event) => isEnd(nextState(state, event))))).toEqual(['settling']);
  });

  test('every state can be reached and every one that is no end can be left', () => {
    const reached = new Set<WorkloadState>(['accepted', ...WORKLOAD_STATES.flatMap((state) => allowedEvents(state).map((event) => nextState(state, event)))]);
    expect([...reached].sort()).toEqual([...WORKLOAD_STATES].sort());
    expect(WORKLOAD_STATES.filter(isEnd)).toEqual(['completed', 'failed', 'cancelled', 'expired']);
  });

  test('a reason belongs to one end (W-90)', () => {
    const reasons = Object.values(END_REASONS).flat() as EndReason[];
    expect(new Set(reasons).size).toBe(reasons.length);
    for (const [end, own] of Object.entries(END_REASONS)) for (const reason of own) expect(endOf(reason)).toBe(end);
  });
});

describe('commands (W-86, W-87)', () => {
  /** a allowed · d done already · r refused; in the order cancel, pause, resume, route, reroute, amend. */
  const table: Record<WorkloadState, string> = {
    accepted: 'arrara', waiting: 'arrara', queued: 'ardara', placing: 'ardara',
    running: 'aaddaa', checkpointing: 'arrdra', moving: 'arrdra', paused: 'adarra', settling: 'rrrrrr',
    completed: 'rrrrrr', failed: 'rrrrrr', cancelled: 'drrrrr', expired: 'rrrrrr',
  };
  const letters = { a: 'allowed', d: 'done', r: 'refused' } as const;
  const pairs = WORKLOAD_STATES.flatMap((state) => COMMANDS.map((command, i) => [state, command, letters[table[state][i] as 'a']] as const));

  test.each(pairs)('%s: %s is %s', (state, command, expected) => {
    expect(standing(state, command)).toBe(expected);
    expect(allowedCommands(state).includes(command)).toBe(expected === 'allowed');
  });

  test('a refusal says what is and what can be done instead', () => {
    expect(refusal('paused', 'reroute')).toBe('The workload is paused, so reroute is not possible; possible now: cancel, resume, amend.');
    expect(refusal('settling', 'cancel')).toBe('The workload is settling, so cancel is not possible; possible now: nothing, it is about to end.');
    for (const state of WORKLOAD_STATES.filter(isEnd)) for (const command of COMMANDS) expect(refusal(state, command as Command)).toBe(`The workload is ${state}; it cannot be changed any more.`);
  });
});
