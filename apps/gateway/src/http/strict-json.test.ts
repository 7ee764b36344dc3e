import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

const pointers = (text: string) => parseStrictJson(text).faults?.map(({ pointer, code }) => `${code} ${pointer}`);

describe('strict JSON (P-4, A5, A12)', () => {
  test.each([
    ['{"a":1,"a":2}', ['doubled-member /a']],
    ['{"a":{"b":1,"c":[{"d":1},{"d":1,"d":2}]}}', ['doubled-member /a/c/1/d']],
    ['{"a":1,"\\u0061":2}', ['doubled-member /a']],
    ['{"__proto__":{},"x":{"constructor":1},"y":[{"prototype":1}]}', ['forbidden-member /__proto__', 'forbidden-member /x/constructor', 'forbidden-member /y/0/prototype']],
    ['{"\\u005f_proto__":1}', ['forbidden-member /__proto__']],
    ['{"a":1e309,"b":[0,-1e400]}', ['number-too-large /a', 'number-too-large /b/1']],
    ['{"a/b":1,"a/b":2,"m~n":1,"m~n":2}', ['doubled-member /a~1b', 'doubled-member /m~0n']],
    ['{"a":{"x":1},"b":{"x":1}}', undefined],
    ['{"a":"{\\"a\\":1,\\"a\\":2}","b":"__proto__","c":"1e309"}', undefined],
    ['{"a":"ends with a backslash\\\\","b":[],"c":{},"d":[[],{}],"e":-0.5e-3}', undefined],
    ['[]', ['not-an-object ']], ['null', ['not-an-object ']], ['"x"', ['not-an-object ']], ['1', ['not-an-object ']],
    ['', ['not-json ']], ['{', ['not-json ']], ['{}{}', ['not-json ']], ['\ufeff{}', ['not-json ']], ['{"a":01}', ['not-json ']], ["{'a':1}", ['not-json ']], ['{"a":NaN}', ['not-json ']], ['{"a":1,}', ['not-json ']],
  ])('%s', (text, expected) => expect(pointers(text)).toEqual(expected));

  test('every JSON object without the forbidden names is read as JSON.parse reads it', () => {
    const clean = fc.dictionary(fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)), fc.jsonValue({ maxDepth: 3, noUnicodeString: false } as object));
    fc.assert(fc.property(clean, fc.constantFrom(undefined, 2), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      if (/"(__proto__|constructor|prototype)":/.test(text)) return;
      expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) as unknown });
    }));
  });

  test('a member written twice is found wherever it stands', () => {
    const names = fc.stringMatching(/^[a-z]{1,6}$/);
    fc.assert(fc.property(fc.array(names, { maxLength: 5 }), names, (path, name) => {
      const inner = `{"${name}":0,"${name}":1}`;
      const text = path.reduceRight((held, step) => `{"${step}":[1,${held}]}`, inner);
      expect(pointers(text)).toEqual([`doubled-member ${path.map((step) => `/${step}/1`).join('')}/${name}`]);
    }));
  });

  test.each([
    ['{"a":":b","a":1}', ['doubled-member /a']],
    ['{"a" :1,"a"\n\t:2}', ['doubled-member /a']],
    ['{"a":{"x" : ":","y":1},"b":[{"x":":x"}]}', undefined],
    ['{"a":1,"a":{"b":":","c":2}}', ['doubled-member /a']],
    ['{"a":[1e400]}', ['number-too-large /a/0']],
  ])('what a count of colons could be deceived by: %s', (text, expected) => expect(pointers(text)).toEqual(expected));

  test('a doubled member is found among any others, whatever space and colons stand around', () => {
    const part = fc.stringMatching(/^[a-c:]{0,3}$/);
    const space = fc.stringMatching(/^[ \n\t\r]{0,2}$/);
    fc.assert(fc.property(fc.array(fc.tuple(part, space, space, part), { maxLength: 6 }), (members) => {
      const text = `{${members.map(([key, before, after, value]) => `${before}"${key}"${after}:${before}"${value}"${after}`).join()}}`;
      const isDoubled = new Set(members.map(([key]) => key)).size < members.length;
      expect(parseStrictJson(text).faults !== undefined).toBe(isDoubled);
    }), { numRuns: 2_000 });
  });

  test('64 levels are taken, 65 are not', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect([pointers(nested(64)), pointers(nested(65))]).toEqual([undefined, ['too-deep ']]);
  });

  test('nothing reaches a prototype', () => {
    parseStrictJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('depth 100,000 and 100,000 members are judged quickly (A14)', () => {
    const begin = performance.now();
    expect(pointers(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toEqual(['too-deep ']);
    expect(parseStrictJson(`{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":${i}`).join()}}`).faults).toBeUndefined();
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  test('a thousand faults are not all told', () => {
    expect(pointers(`{${Array.from({ length: 1_000 }, () => '"a":1').join()}}`)).toHaveLength(100);
  });
});
