import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CreateWorkload } from '../workloads/workloads.schemas.ts';
import { demoOrder } from './demo-order.ts';

test('without a seed it is the walk’s own order: one GPU of 80 GB for 14,400 H100 seconds', () => {
  expect(demoOrder({})).toMatchObject({ name: 'Mistral fine-tune', kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 14_400 } });
  expect(demoOrder({ name: 'Mine', kind: 'render' })).toMatchObject({ name: 'Mine', kind: 'render' });
});

test('the same seed is the same order, and what is asked for wins over what is drawn', () => {
  fc.assert(fc.property(fc.nat(4_294_967_295), (seed) => {
    expect(demoOrder({ seed })).toEqual(demoOrder({ seed }));
    expect(demoOrder({ seed, kind: 'embedding' }).kind).toBe('embedding');
  }));
});

test('every drawn order is one that a customer could have sent', () => {
  fc.assert(fc.property(fc.nat(4_294_967_295), (seed) => {
    expect(CreateWorkload.safeParse(demoOrder({ seed })).success).toBe(true);
  }));
});

test('seeds differ: a hundred of them draw more than twenty different orders', () => {
  const orders = Array.from({ length: 100 }, (_, seed) => JSON.stringify({ ...demoOrder({ seed }), name: '' }));
  expect(new Set(orders).size).toBeGreaterThan(20);
});
