import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listQuery, Pages, type Page } from './pages.ts';

const ring = { active: 'k1', keys: new Map([['k1', randomBytes(32)]]) };
const pages = new Pages(ring);
const [A, B] = ['org-a', 'org-b'];
const cursorOf = (page: Page) => page.close([['3'], ['2'], ['1']], (row) => row).next_cursor!;
const first = pages.open('workloads', A, { limit: 2, state: 'running' });
const cursor = cursorOf(first);

describe('pages (R-8, P-3)', () => {
  test('reads one row more than it shows, and says where to go on', () => {
    expect(first.take).toBe(3);
    expect(first.after).toBeUndefined();
    expect(first.close([['3'], ['2'], ['1']], (row) => row).data).toEqual([['3'], ['2']]);
    expect(pages.open('workloads', A, { limit: 2, state: 'running', cursor }).after).toEqual(['2']);
  });

  test('the last page has no cursor, whether it is full or not', () => {
    expect(first.close([['2'], ['1']], (row) => row)).toEqual({ data: [['2'], ['1']], next_cursor: null });
    expect(first.close([], () => [])).toEqual({ data: [], next_cursor: null });
  });

  test.each([
    ['another organisation', 'workloads', B, { state: 'running' }],
    ['another route', 'nodes', A, { state: 'running' }],
    ['another filter', 'workloads', A, { state: 'paused' }],
    ['one filter less', 'workloads', A, {}],
    ['one filter more', 'workloads', A, { state: 'running', kind: 'render' }],
  ])('is refused for %s', (_, route, org, filters) => {
    expect(() => pages.open(route, org, { limit: 2, cursor, ...filters })).toThrow(expect.objectContaining({ code: 'bad-cursor' }));
  });

  test('another limit and an absent filter are the same list', () => {
    expect(pages.open('workloads', A, { limit: 7, state: 'running', kind: undefined, cursor }).after).toEqual(['2']);
  });

  test('every changed character is noticed', () => {
    fc.assert(fc.property(fc.nat({ max: cursor.length - 1 }), fc.constantFrom('A', 'b', '.', '_'), (at, by) => {
      const forged = cursor.slice(0, at) + by + cursor.slice(at + 1);
      if (forged !== cursor) expect(() => pages.open('workloads', A, { limit: 2, state: 'running', cursor: forged })).toThrow(expect.objectContaining({ code: 'bad-cursor' }));
    }));
  });

  test.each(['nonsense', '.', 'a.b.c', `${cursor}.x`, '=', 'ü'])('%s is no cursor', (text) => {
    expect(() => pages.open('workloads', A, { limit: 2, state: 'running', cursor: text })).toThrow(expect.objectContaining({ code: 'bad-cursor' }));
  });

  test('a cursor of before a key rotation goes on', () => {
    const rotated = new Pages({ active: 'k2', keys: new Map([...ring.keys, ['k2', randomBytes(32)]]) });
    expect(rotated.open('workloads', A, { limit: 2, state: 'running', cursor }).after).toEqual(['2']);
    expect(() => pages.open('workloads', A, { limit: 2, state: 'running', cursor: cursorOf(rotated.open('workloads', A, { limit: 2, state: 'running' })) })).toThrow(expect.objectContaining({ code: 'bad-cursor' }));
  });
});

describe('queries of lists', () => {
  const List = listQuery({ state: z.enum(['running']).optional() });
  test.each([['0'], ['201'], ['-1'], ['1.5'], ['x'], [''], ['1e2'], ['٣']])('limit %s is refused', (limit) => expect(List.safeParse({ limit }).success).toBe(false));
  test.each([['1', 1], ['50', 50], ['200', 200]])('limit %s is %d', (limit, read) => expect(List.parse({ limit }).limit).toBe(read));
  test('50 unless said; unknown filters and values are refused', () => {
    expect(List.parse({})).toEqual({ limit: 50 });
    expect(List.safeParse({ colour: 'green' }).success).toBe(false);
    expect(List.safeParse({ state: 'sleeping' }).success).toBe(false);
  });
  test('a time series may say its own limits', () => expect(listQuery({}, { most: 2_000, usual: 500 }).parse({ limit: '2000' }).limit).toBe(2_000));
});
