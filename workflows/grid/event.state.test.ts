import { describe, expect, test } from 'vitest';
import { changed, detailsOf, FIRST, type EventState, type EventView } from './event.state.ts';

const STATES: readonly EventState[] = ['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED'];
const ALLOWED = ['MONITORING ANOMALY_DETECTED', 'MONITORING RESOLVED', 'ANOMALY_DETECTED EVALUATING', 'ANOMALY_DETECTED RESOLVED', 'EVALUATING ADAPTING', 'EVALUATING RESOLVED', 'ADAPTING EVALUATING', 'ADAPTING RESOLVED'];
const at = (state: EventState): EventView => ({ ...FIRST, state });

describe('W-98, W-99: every change of state is in the table', () => {
  test.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))('%s to %s', (from, to) => {
    if (ALLOWED.includes(`${from} ${to}`)) expect(changed(at(from), to, 'opened')).toMatchObject({ state: to, cause: 'opened', seq: 2 });
    else expect(() => changed(at(from), to, 'opened')).toThrow(RangeError);
  });

  test('the story of an event numbers its changes without a hole', () => {
    const story = [['ANOMALY_DETECTED', 'confirmed'], ['EVALUATING', 'opened'], ['ADAPTING', 'picked'], ['EVALUATING', 'newcomers'], ['ADAPTING', 'picked'], ['RESOLVED', 'call_ended']] as const;
    const views = story.reduce<EventView[]>((all, [state, cause]) => [...all, changed(all.at(-1)!, state, cause)], [FIRST]);
    expect(views.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('a resolved event stays so, and says what it could become: nothing', () => {
    expect(() => changed(at('RESOLVED'), 'MONITORING', 'opened')).toThrow('it can become: nothing more');
  });
});

describe('what the Web UI says', () => {
  test.each(STATES)('%s in a sentence', (state) => expect(detailsOf(at(state))).toMatch(/^[A-Z].*\.$/));

  test('counts stand beside it', () => {
    expect(detailsOf({ ...at('ADAPTING'), counts: { affected: 3, decided: 3, signalled: 2, unanswered: 1, answers: { moved: 1, kept: 1 } } }))
      .toBe('Each workload is told what was decided for it, and answers. 3 affected: 1 moved, 1 kept, 1 still to answer.');
  });

  test('a condition that faded is not told as an event that was', () => {
    expect(detailsOf({ ...at('RESOLVED'), cause: 'not_confirmed' })).toBe('The condition faded before it counted; nobody was asked.');
  });
});
