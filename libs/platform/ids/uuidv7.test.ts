import { describe, expect, test } from 'vitest';
import { isUuid, uuidv7 } from './uuidv7.ts';

describe('UUIDv7 (RFC 9562 § 5.7)', () => {
  test.each([0, 1, 1_645_557_742_000, Date.UTC(2026, 10, 21), 2 ** 48 - 1])('the first 48 bits are the milliseconds: %s', (ms) => {
    const id = uuidv7(ms);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(ms);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
  });

  test('the example of the RFC has our form', () => expect(isUuid('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(true));

  test('ids of different milliseconds sort by them, ids of the same differ', () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => uuidv7(1_000_000 + i));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(Array.from({ length: 10_000 }, () => uuidv7(5))).size).toBe(10_000);
  });

  test.each(['', 'de-frankfurt-1', '019A0000-0000-7000-8000-000000000001', '019a000000007000800000000000000', '{019a0000-0000-7000-8000-000000000001}', "019a0000-0000-7000-8000-000000000001' or true--"])(
    'no uuid: %j', (text) => expect(isUuid(text)).toBe(false));
});
