import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ReportNonces } from './report-nonce.ts';

const NODE = '019a0000-0000-7000-8001-000000000001';
const OTHER = '019a0000-0000-7000-8001-000000000002';
const NOW = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;
const old = randomBytes(32);
const fresh = randomBytes(32);
const before = new ReportNonces({ active: 'a', keys: new Map([['a', old]]) });
const after = new ReportNonces({ active: 'b', keys: new Map([['a', old], ['b', fresh]]) });

describe('W-21: a nonce says when it was given, and to whom', () => {
  const nonce = before.make(NODE, NOW);

  test('16 bytes as base64url, the same for one moment and another for the next', () => {
    expect(nonce).toMatch(/^[\w-]{22}$/);
    expect(before.make(NODE, NOW)).toBe(nonce);
    expect(before.make(NODE, NOW + 1)).not.toBe(nonce);
  });

  test.each([
    ['at once', 0, true], ['ten minutes later', 10 * MINUTE, true], ['a moment more', 10 * MINUTE + 1, false], ['a little before it was given: two clocks', -5_000, true], ['long before', -5_001, false],
  ])('a report issued %s', (_name, offset, given) => expect(before.isGiven(nonce, NODE, NOW + offset, [])).toBe(given));

  test('one of the newest two of its node is never too old: a node without a gateway gets no newer', () => {
    expect(before.isGiven(nonce, NODE, NOW + 600 * MINUTE, [null, nonce])).toBe(true);
    expect(before.isGiven(nonce, NODE, NOW + 600 * MINUTE, [before.make(NODE, NOW + 1), null])).toBe(false);
  });

  test('another node’s is no nonce, not even among its newest', () => expect(before.isGiven(nonce, OTHER, NOW, [nonce])).toBe(false));

  test.each(['', 'x', 'AAAAAAAAAAAAAAAAAAAAAA', `${nonce}A`, nonce.slice(2)])('%j was never given', (made) => expect(before.isGiven(made, NODE, NOW, [made])).toBe(false));

  test('any bit that is changed unmakes it', () => {
    for (let bit = 0; bit < 128; bit += 1) {
      const bytes = Buffer.from(nonce, 'base64url');
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(before.isGiven(bytes.toString('base64url'), NODE, NOW, [])).toBe(false);
    }
  });
});

describe('a new master key', () => {
  test('makes other nonces, and knows those of the old one', () => {
    const [one, two] = [before.make(NODE, NOW), after.make(NODE, NOW)];
    expect(two).not.toBe(one);
    expect([one, two].map((nonce) => after.isGiven(nonce, NODE, NOW, []))).toEqual([true, true]);
  });

  test('an old gateway does not know the new one’s', () => expect(before.isGiven(after.make(NODE, NOW), NODE, NOW, [])).toBe(false));
});
