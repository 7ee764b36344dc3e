import { describe, expect, test } from 'vitest';
import { allAnswered, ANSWERS, inWords, NO_COUNTS, type EventCounts } from './answers.ts';

const counts = (over: Partial<EventCounts>): EventCounts => ({ ...NO_COUNTS, ...over });

describe('W-104: Σ answers = affected when it is RESOLVED', () => {
  test('nobody affected is all answered', () => expect(allAnswered(NO_COUNTS)).toBe(true));

  test('every kind of answer counts, no_answer too', () => {
    const each = Object.fromEntries(ANSWERS.map((answer) => [answer, 1]));
    expect(allAnswered(counts({ affected: ANSWERS.length, answers: each }))).toBe(true);
  });

  test.each([
    [{ affected: 3, unanswered: 1, answers: { moved: 2 } }, false],
    [{ affected: 2, answers: { moved: 2 } }, true],
    [{ affected: 2, answers: { moved: 3 } }, false],
  ])('%j: %s', (given, expected) => expect(allAnswered(counts(given))).toBe(expected));
});

test.each<[Partial<EventCounts>, string]>([
  [{}, 'Nobody is affected.'],
  [{ affected: 5, unanswered: 0, answers: { moved: 3, paused: 2 } }, '5 affected: 3 moved, 2 paused.'],
  [{ affected: 2, unanswered: 1, answers: { no_answer: 1 } }, '2 affected: 1 no answer, 1 still to answer.'],
  [{ affected: 4, unanswered: 4 }, '4 affected: 4 still to answer.'],
])('%j in words: %s', (given, words) => expect(inWords(counts(given))).toBe(words));
