import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canonicalBytes } from '#domain/energy-report/report';
import { vectors } from './shared.ts';

const files = vectors ? readdirSync(`${vectors}/jcs/input`) : [];

describe.skipIf(!vectors)('RFC 8785: the published pairs', () => {
  test('there are six', () => expect(files).toHaveLength(6));

  test.each(files)('%s', (file) => {
    const input = JSON.parse(readFileSync(`${vectors}/jcs/input/${file}`, 'utf8')) as object;
    expect(Buffer.from(canonicalBytes(input))).toEqual(readFileSync(`${vectors}/jcs/output/${file}`));
  });
});

describe('what has no canonical form is refused', () => {
  test.each([
    ['a lone surrogate', { text: '\ud800' }],
    ['a lone surrogate in a name', { '\udc00': 1 }],
    ['NaN', { value: Number.NaN }],
    ['infinity', { value: Number.POSITIVE_INFINITY }],
  ])('%s', (_name, value) => expect(() => canonicalBytes(value)).toThrow());
});
