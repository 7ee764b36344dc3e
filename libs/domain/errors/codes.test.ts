import { describe, expect, test } from 'vitest';
import { isProblemCode, PROBLEMS, type ProblemCode } from './codes.ts';

const codesOf = (status: number) => (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => PROBLEMS[code][0] === status);

describe('R-6: one status a situation', () => {
  test.each<[string, number, ProblemCode[]]>([
    ['no credential in force', 401, ['unauthenticated']],
    ['a budget is spent', 402, ['budget-exceeded']],
    ['absent, or another organisation’s', 404, ['not-found']],
    ['stale', 412, ['stale-version']],
    ['without If-Match', 428, ['precondition-required']],
    ['too large', 413, ['payload-too-large']],
    ['another media type', 415, ['unsupported-media-type']],
    ['over a rate limit', 429, ['rate-limited']],
    ['ours', 500, ['internal']],
    ['a store or Temporal away', 503, ['unavailable', 'credentials-stale']],
  ])('%s: %s', (_name, status, codes) => expect(codesOf(status)).toEqual(codes));

  test.each<[ProblemCode, number]>([
    ['invalid-request', 400], ['bad-cursor', 400], ['credential-in-url', 400], ['permission-denied', 403], ['invalid-transition', 409], ['not-ready', 409], ['idempotency-in-progress', 409],
    ['idempotency-mismatch', 422], ['unknown-zone', 422], ['no-node-matches', 422],
  ])('%s is %s', (code, status) => expect(PROBLEMS[code][0]).toBe(status));
});

describe('isProblemCode', () => {
  test.each(Object.keys(PROBLEMS))('%s is one', (code) => expect(isProblemCode(code)).toBe(true));
  test.each(['', 'TypeError', 'not_found', 'NOT-FOUND', 'constructor', '__proto__', 'toString'])('%j is none', (text) => expect(isProblemCode(text)).toBe(false));
});
