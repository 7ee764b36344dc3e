import { describe, expect, test } from 'vitest';
import { PROBLEMS, type ProblemCode } from './codes.ts';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

describe('O-143: what clients were told once stays so', () => {
  // A new code is a new line here; a code that is gone, or has another status, breaks a client.
  test.each<[number, string]>([
    [400, 'bad-cursor credential-in-url invalid-request'],
    [401, 'unauthenticated'],
    [402, 'budget-exceeded'],
    [403, 'org-suspended permission-denied simulated-hardware'],
    [404, 'not-found'],
    [409, 'event-open idempotency-in-progress invalid-transition key-mismatch move-in-progress no-candidate not-ready not-simulated'],
    [412, 'stale-version'],
    [413, 'payload-too-large'],
    [415, 'unsupported-media-type'],
    [422, 'bad-schedule bad-weights budget-too-small deadline-too-near idempotency-mismatch key-unacceptable no-node-matches unknown-gpu-model unknown-node unknown-zone'],
    [428, 'precondition-required'],
    [429, 'rate-limited'],
    [500, 'internal'],
    [503, 'credentials-stale unavailable'],
  ])('%i: %s', (status, codes) => {
    const now: readonly string[] = CODES.filter((code) => PROBLEMS[code][0] === status);
    expect(codes.split(' ').filter((code) => !now.includes(code))).toEqual([]);
  });
});

describe('R-5: a code is for programs, a title for people', () => {
  test.each(CODES)('%s', (code) => {
    const [status, title] = PROBLEMS[code];
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    // One line without a stop, without the code, and without what only we would understand
    expect(title).toMatch(/^[A-Z][^.\n]{6,58}[^.\s]$/);
    expect(title).not.toMatch(/[a-z]-[a-z]|undefined|null|exception/i);
  });

  test('no two codes have one title: who reads it can tell them apart', () => expect(new Set(CODES.map((code) => PROBLEMS[code][1])).size).toBe(CODES.length));
});
