import { describe, expect, test } from 'vitest';
import { digestOf, makeApiKey, parseApiKey, sameDigest } from './api-key.ts';

describe('API keys', () => {
  test('P-50: the form, and the id to look up by', () => {
    const key = makeApiKey('wb_test_');
    expect(key).toMatch(/^wb_(live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(parseApiKey(key)).toEqual({ prefix: 'wb_test_', keyId: key.slice(8, 20) });
    expect(makeApiKey('wb_test_')).not.toBe(key);
  });

  test.each([
    ['a changed character', (key: string) => key.slice(0, 30) + (key[30] === 'A' ? 'B' : 'A') + key.slice(31)],
    ['another prefix', (key: string) => key.replace('wb_test_', 'wb_live_')],
    ['one character less', (key: string) => key.slice(0, -1)],
    ['a space before', (key: string) => ` ${key}`],
    ['nothing', () => ''],
  ])('%s is no key', (_what, change) => expect(parseApiKey(change(makeApiKey('wb_test_')))).toBeUndefined());

  test('digests are compared whole', () => {
    expect(sameDigest(digestOf('a'), digestOf('a'))).toBe(true);
    expect(sameDigest(digestOf('a'), digestOf('b'))).toBe(false);
    expect(sameDigest(digestOf('a'), digestOf('a').subarray(1))).toBe(false);
  });
});
