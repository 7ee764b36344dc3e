import type { Response } from 'express';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WriteLimit } from './write-limit.ts';

function recorder() {
  const headers = new Map<string, string>();
  return { headers, response: { setHeader: (name: string, value: string) => headers.set(name, value) } as unknown as Response };
}
const taken = (limit: WriteLimit, org: string, nowMs: number): boolean => {
  try {
    limit.take(org, recorder().response, nowMs);
    return true;
  } catch {
    return false;
  }
};

describe('1,200 writes a minute and organisation (P-111, W-84)', () => {
  test('the 1,201st of a moment is refused, with the time to wait; twenty a second come back', () => {
    const limit = new WriteLimit();
    const accepted = Array.from({ length: 1_300 }, () => taken(limit, 'a', 0)).filter(Boolean).length;
    expect(accepted).toBe(1_200);
    expect(() => limit.take('a', recorder().response, 10)).toThrow(expect.objectContaining({ code: 'rate-limited', status: 429, headers: { 'retry-after': '1' } }));
    expect(Array.from({ length: 40 }, () => taken(limit, 'a', 1_000)).filter(Boolean)).toHaveLength(20);
  });

  test('one organisation\'s haste is not another\'s', () => {
    const limit = new WriteLimit();
    for (let i = 0; i < 1_300; i += 1) taken(limit, 'a', 0);
    expect(taken(limit, 'b', 0)).toBe(true);
  });

  test('says what is left', () => {
    const { headers, response } = recorder();
    const limit = new WriteLimit();
    for (let i = 0; i < 20; i += 1) limit.take('a', response, 0);
    expect(Object.fromEntries(headers)).toEqual({ 'ratelimit-policy': '"writes";q=1200;w=60', ratelimit: '"writes";r=1180;t=1' });
  });

  test('in no minute more than the limit and one burst, however requests fall', () => {
    fc.assert(fc.property(fc.array(fc.nat({ max: 400 }), { minLength: 10, maxLength: 3_000 }), (gaps) => {
      const limit = new WriteLimit();
      let now = 0;
      const accepted = gaps.map((gap) => [now += gap, taken(limit, 'a', now)] as const).filter(([, ok]) => ok).map(([at]) => at);
      for (let from = 0, to = 0; to < accepted.length; to += 1) {
        while (accepted[to]! - accepted[from]! > 60_000) from += 1;
        expect(to - from + 1).toBeLessThanOrEqual(2_401);
      }
    }), { numRuns: 30 });
  });

  test('ten thousand organisations do not fill the memory', () => {
    const limit = new WriteLimit();
    for (let i = 0; i < 25_000; i += 1) taken(limit, `org-${i}`, 0);
    expect(taken(limit, 'org-1', 0)).toBe(true);
  });
});
