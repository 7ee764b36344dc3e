import { expect, test } from 'vitest';
import { isJump } from './jump.ts';

test.each<[string, bigint, bigint | null, bigint | null, boolean]>([
  ['exactly ten times the mean', 1_000n, 100n, null, false],
  ['above it', 1_001n, 100n, null, true],
  ['no mean yet', 1_001n, null, null, false],
  ['a mean of 0', 1_001n, 0n, null, false],
  ['a mean below 0', 1_001n, -5n, null, false],
  ['the interval before said the same', 9_000n, 100n, 8_000n, false],
  ['the interval before said a third', 9_000n, 100n, 3_000n, true],
  ['the interval before said three times as much', 3_000n, 100n, 9_000n, true],
])('W-38: %s', (_name, value, mean, doubted, expected) => expect(isJump(value, mean, doubted)).toBe(expected));
