import { expect, test } from 'vitest';
import { shared } from './shared-reading.ts';

/** Readings that end when they are told to. */
function controlled() {
  const begun: PromiseWithResolvers<number>[] = [];
  const read = shared(() => {
    const one = Promise.withResolvers<number>();
    begun.push(one);
    return one.promise;
  });
  return { begun, read };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('twenty who ask together share a reading', async () => {
  const { begun, read } = controlled();
  const asked = Array.from({ length: 20 }, read);
  await settled();
  begun[0]!.resolve(1);
  expect(await Promise.all(asked)).toEqual(Array(20).fill(1));
  expect(begun).toHaveLength(1);
});

test('who asks while one is under way waits for the next: what he did before he asked is in it', async () => {
  const { begun, read } = controlled();
  const first = read();
  await settled();
  const later = [read(), read()];
  await settled();
  expect(begun).toHaveLength(1);
  begun[0]!.resolve(1);
  await settled();
  begun[1]!.resolve(2);
  expect([await first, ...(await Promise.all(later)), begun.length]).toEqual([1, 2, 2, 2]);
});

test('one that fails fails for those who share it, and the next begins anew', async () => {
  const { begun, read } = controlled();
  const first = read();
  const caught = expect(first).rejects.toThrow('no database');
  await settled();
  const later = read();
  begun[0]!.reject(new Error('no database'));
  await caught;
  await settled();
  begun[1]!.resolve(2);
  expect(await later).toBe(2);
});
