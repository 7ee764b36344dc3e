import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { invalidBySchema } from './validation.ts';

const Order = z.strictObject({
  name: z.string().min(1),
  resources: z.strictObject({ gpu_count: z.int().min(1).max(8).default(1) }).optional(),
  policy: z.union([z.enum(['balanced', 'carbon']), z.strictObject({ w_c: z.number(), w_p: z.number() })]).optional(),
  tags: z.array(z.string()).optional(),
});
const faults = (body: unknown) => (invalidBySchema(Order.safeParse(body).error!.issues).members['errors'] as { pointer: string; code: string }[]).map(({ pointer, code }) => `${code} ${pointer}`);

describe('faults of a body (R-5, C-6)', () => {
  test.each([
    [{}, ['missing-member /name']],
    [{ name: 7 }, ['invalid-type /name']],
    [{ name: '' }, ['too-small /name']],
    [{ name: 'x', a: 1, 'b/c': 2 }, ['unknown-member /a', 'unknown-member /b~1c']],
    [{ name: 'x', resources: { gpu_count: 9, tpu: 1 } }, ['too-big /resources/gpu_count', 'unknown-member /resources/tpu']],
    [{ name: 'x', resources: [] }, ['invalid-type /resources']],
    [{ name: 'x', tags: ['a', 7] }, ['invalid-type /tags/1']],
    [{ name: 'x', policy: 'fastest' }, ['invalid-union /policy']],
    [{ name: 'x', policy: { w_c: 1, w_x: 1 } }, ['missing-member /policy/w_p', 'unknown-member /policy/w_x']],
    [undefined, ['missing-member ']],
    [[], ['invalid-type ']],
  ])('%j', (body, expected) => expect(faults(body)).toEqual(expected));

  test('all at once, each with words', () => {
    const { members, detail } = invalidBySchema(Order.safeParse({ name: '', resources: { gpu_count: 0 }, x: 1 }).error!.issues);
    expect(members['errors']).toHaveLength(3);
    expect(detail).toMatch(/^3 things/);
    for (const error of members['errors'] as { detail: string }[]) expect(error.detail.length).toBeGreaterThan(5);
  });
});
