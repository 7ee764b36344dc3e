import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '#platform/errors/problem';
import { parseStrictQuery } from './strict-query.ts';

const faults = (text: string): string[] => {
  try {
    parseStrictQuery(text);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return (error.members['errors'] as { pointer: string; code: string }[]).map(({ pointer, code }) => `${code} ${pointer}`);
  }
};

describe('strict queries (P-4, A26)', () => {
  test.each([
    ['limit=5&limit=6', ['doubled-member /limit']],
    ['limit=5&LIMIT=6', []],
    ['a%5B%5D=1&b[x]=2', ['wrong-type /a[]', 'wrong-type /b[x]']],
    ['a=%00', ['wrong-value /a']],
    ['a%00=1', ['wrong-value /a\0']],
    ['__proto__=1&constructor=2&prototype=3', ['forbidden-member /__proto__', 'forbidden-member /constructor', 'forbidden-member /prototype']],
    ['a=%ff', ['not-decodable ']],
    ['a=%zz', ['not-decodable ']],
    ['a=1&b=&c', []],
  ])('%s', (text, expected) => expect(faults(text)).toEqual(expected));

  test('gives each parameter once, decoded once', () => {
    expect(parseStrictQuery('a=x+y&b=%2520&c=1%2C2')).toEqual({ a: 'x y', b: '%20', c: '1,2' });
    expect(parseStrictQuery(undefined)).toEqual({});
  });

  test('what was encoded is what is read', () => {
    fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/).filter((key) => !['constructor', 'prototype', '__proto__'].includes(key)), fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text.isWellFormed())), (values) => {
      expect(parseStrictQuery(new URLSearchParams(values).toString())).toEqual(values);
    }));
  });
});
