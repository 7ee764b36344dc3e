import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowedCommands, COMMANDS, refusal, standing, type Command } from './commands.ts';
import { allowedEvents, isEnd, nextState, WORKLOAD_STATES, type WorkloadEvent, type WorkloadState } from './states.ts';

/** A life as chance writes it: at each step one of the events that the table has for the state. */
const walks = fc.array(fc.nat(), { minLength: 1, maxLength: 60 }).map((choices) => {
  const states: WorkloadState[] = ['accepted'];
  for (const choice of choices) {
    const events = allowedEvents(states.at(-1)!);
    if (events.length === 0) break;
    states.push(nextState(states.at(-1)!, events[choice % events.length]!));
  }
  return states;
});
const runs = { numRuns: 2_000 };

describe('lives', () => {
  test('I8: from wherever a life has come, its end is two steps away', () => {
    fc.assert(fc.property(walks, (states) => {
      const last = states.at(-1)!;
      const settling = isEnd(last) ? last : last === 'settling' ? last : nextState(last, 'ending');
      return isEnd(settling) || isEnd(nextState(settling, 'completed'));
    }), runs);
  });

  test('who has ended stays so, and who settles does nothing but end', () => {
    fc.assert(fc.property(walks, (states) => states.every((state, i) => i === 0 || (!isEnd(states[i - 1]!) && (states[i - 1] !== 'settling' || isEnd(state))))), runs);
  });

  test('nothing runs that was not placed first, and nothing moves that does not run', () => {
    const before: Partial<Record<WorkloadState, readonly WorkloadState[]>> = {
      running: ['placing', 'checkpointing', 'moving'], checkpointing: ['running'], moving: ['checkpointing'], paused: ['running'], placing: ['accepted', 'waiting', 'queued', 'placing', 'running', 'checkpointing', 'moving', 'paused'],
    };
    fc.assert(fc.property(walks, (states) => states.every((state, i) => i === 0 || (before[state]?.includes(states[i - 1]!) ?? true))), runs);
  });

  test('no life returns to its beginning', () => fc.assert(fc.property(walks, (states) => states.indexOf('accepted', 1) === -1), runs));
});

describe('commands and the table agree', () => {
  /** What a command asks of the table, once it is allowed. */
  const LEADS: Readonly<Record<Exclude<Command, 'amend'>, WorkloadEvent>> = { cancel: 'ending', pause: 'paused', resume: 'resumed', route: 'placed', reroute: 'checkpointing' };

  test.each(Object.entries(LEADS) as [Exclude<Command, 'amend'>, WorkloadEvent][])('%s is allowed only where %s is an entry', (command, event) => {
    expect(WORKLOAD_STATES.filter((state) => standing(state, command) === 'allowed' && !allowedEvents(state).includes(event))).toEqual([]);
  });

  test.each(WORKLOAD_STATES.flatMap((state) => COMMANDS.map((command) => [state, command] as const)))('%s: %s', (state, command) => {
    expect(allowedCommands(state).includes(command)).toBe(standing(state, command) === 'allowed');
    if (standing(state, command) !== 'refused') return;
    const words = refusal(state, command);
    expect(words).toContain(state);
    expect(words).toMatch(isEnd(state) ? /cannot be changed any more/ : /possible now: (?!$)/);
  });

  test('an ended workload takes no command, and one that settles none either', () => {
    for (const state of WORKLOAD_STATES.filter((one) => isEnd(one) || one === 'settling')) expect(allowedCommands(state)).toEqual([]);
  });
});
