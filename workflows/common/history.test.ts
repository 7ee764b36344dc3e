import { expect, test } from 'vitest';
import { isLong } from './history.ts';

test.each([
  [false, 2_999, 1_499_999, false],
  [true, 5, 1_000, true],
  [false, 3_000, 1_000, true],
  [false, 5, 1_500_000, true],
])('W-148: suggested %s, %s events, %s bytes → continue as new: %s', (continueAsNewSuggested, historyLength, historySize, expected) => {
  expect(isLong({ continueAsNewSuggested, historyLength, historySize })).toBe(expected);
});
