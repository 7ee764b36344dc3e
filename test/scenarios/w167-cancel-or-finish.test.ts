import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel, type CommandResult } from '#workflows/workloads/workload.messages';
import { query } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const RUNS = 100;
/** A fixed sequence of delays, 0–1,200 ms, around the 1,000 ms that the job takes. */
const delay = (n: number) => (n * 7_919) % 1_200;

describe.skipIf(!inject('temporal'))('W-167: cancel comes in the second in which the job finishes', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1', 'de-frankfurt-1', 'us-ca-1'] });
  });
  afterAll(() => world.close());

  test(`${RUNS} timings: exactly one end wins, the answer says which, and the bill fits it`, async () => {
    const tries: { id: string; answer: CommandResult | string }[] = [];
    for (let from = 0; from < RUNS; from += 10)
      tries.push(...await Promise.all(Array.from({ length: 10 }, async (_, n) => {
        const id = await world.accept({ units: 600 });
        await world.reaches(id, ['running', 'settling', 'completed']);
        await new Promise((resolve) => setTimeout(resolve, delay(from + n)));
        const answer = await world.handle(id).executeUpdate(cancel, { args: [{ by: 'customer' }] }).catch((error: Error) => error.name);
        return { id, answer };
      })));
    const ends = { completed: 0, cancelled: 0 };
    for (const { id, answer } of tries) {
      const row = await world.reaches(id, ['completed', 'cancelled']);
      ends[row.state as 'completed' | 'cancelled'] += 1;
      const cancelled = typeof answer === 'object' && answer.changed;
      expect(cancelled, `${row.state} was answered with ${JSON.stringify(answer)}`).toBe(row.state === 'cancelled');
      expect(row.result !== null).toBe(row.state === 'completed');
      const facts = await query<{ fact: { gpu_seconds: string; gross_compute_micro_usd: string } }>(world.db.superuserUrl, 'select fact from usage_facts where workload_id = $1', [id]);
      expect(facts).toHaveLength(1);
      expect(facts[0]!.fact.gross_compute_micro_usd).toBe(row.compute_micro_usd);
    }
    expect(ends.completed).toBeGreaterThan(0);
    expect(ends.cancelled).toBeGreaterThan(0);
    expect(await world.held()).toEqual([]);
  }, 120_000);
});
