import { describe, expect, test } from 'vitest';
import { Problem } from '#platform/errors/problem';
import { etagOf, matchedVersion, staleVersion } from './etag.ts';

describe('R-9: If-Match', () => {
  test.each([1, 7, 123_456_789])('what was sent as ETag reads back: version %s', (version) => expect(matchedVersion(etagOf(version))).toBe(version));

  test('absent is 428, and says what to send', () => {
    expect(() => matchedVersion(undefined)).toThrow(Problem);
    expect(() => matchedVersion(undefined)).toThrow(/Send If-Match/);
  });

  test('* takes whatever version there is', () => expect(matchedVersion(' * ')).toBeUndefined());

  test.each(['7', '"7', 'W/"7"', '"seven"', '"-1"', '"1234567890"', '"1", "2"', ''])('%j matches no version', (header) => expect(matchedVersion(header)).toBe(-1));

  test('a stale one is told the present one', () => {
    const { status, code, headers } = staleVersion(8);
    expect([status, code, headers]).toEqual([412, 'stale-version', { etag: '"8"' }]);
  });
});
