import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel, reroute } from '#workflows/workloads/workload.messages';
import { rows } from '#platform/db/in-org';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const BY = { by: 'customer' } as const;
const EVALUATE = { ...BY, mode: 'evaluate' } as const;

describe.skipIf(!inject('temporal'))('W-169, W-68: what an interval decides for running work', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 100, PT: 130 } });
  });
  afterAll(() => world.close());
  const end = async (id: string) => {
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  };

  test('a much better node does not pay for 5 minutes of work and a checkpoint of 200 GB: keep, no_net_gain, with the numbers', async () => {
    // Given 300 units left on an H100 (5 min) and then a grid where PT is far cleaner
    const id = await world.accept({ units: 60_300, policy: 'carbon', checkpoint: { size_gb: 200 } });
    await world.reaches(id, 'running');
    await world.db.inOrg(world.orgId, (em) => rows(em, sql`update workloads set units_done = 60000, checkpoint = '{"id":"x","uri":"u","sha256":"","size_bytes":1,"units_done":60000,"at":"2026-01-01T00:00:00Z"}' where id = ${id}`));
    world.setIntensity({ FR: 100, PT: 70 });
    const { decisionId } = await world.handle(id).executeUpdate(reroute, { args: [EVALUATE] });
    const decision = (await world.decisions(id)).find((one) => one.id === decisionId);
    expect(decision).toMatchObject({ kind: 'request', outcome: 'keep', reason: 'no_net_gain' });
    expect(decision.body.net_gain.ng).toMatch(/^-\d+$/);
    expect(BigInt(decision.body.move_cost.ng)).toBeGreaterThan(0n);
    await end(id);
    world.setIntensity({ FR: 100, PT: 130 });
  });

  test('with max_moves used it keeps, moves_used_up', async () => {
    const id = await world.accept({ policy: 'carbon', maxMoves: 0 });
    await world.reaches(id, 'running');
    world.setIntensity({ FR: 400, PT: 60 });
    const { decisionId } = await world.handle(id).executeUpdate(reroute, { args: [EVALUATE] });
    expect((await world.decisions(id)).find((one) => one.id === decisionId)).toMatchObject({ outcome: 'keep', reason: 'moves_used_up' });
    world.setIntensity({ FR: 100, PT: 130 });
    await end(id);
  });

  test('the review of an interval keeps once an hour in full, counts the rest, and moves what pays, once', async () => {
    const id = await world.accept({ policy: 'carbon' });
    await world.reaches(id, 'running');
    const review = (n: number) => world.reviewed('FR', new Date(Date.UTC(2026, 0, 1, n)).toISOString());
    // Two looks within one source hour (6 s here): one stored keep, one counted; the same interval again looks at nobody
    expect(await review(1)).toEqual({ reviewed: 1, moves: 0 });
    expect(await review(2)).toEqual({ reviewed: 1, moves: 0 });
    expect(await review(2)).toEqual({ reviewed: 0, moves: 0 });
    expect((await world.decisions(id)).filter(({ kind }) => kind === 'keep')).toHaveLength(1);
    expect(await world.keeps(id)).toBe(1);
    // When PT gets far cleaner
    world.setIntensity({ FR: 400, PT: 60 });
    expect(await review(3)).toEqual({ reviewed: 1, moves: 1 });
    await expect.poll(async () => (await world.row(id)).node, { timeout: 8_000, interval: 20 }).toBe('pt-sines-1');
    expect(await world.row(id)).toMatchObject({ state: 'running', moves_used: 1, segment: 2 });
    expect((await world.decisions(id)).filter(({ kind }) => kind === 'move')).toHaveLength(1);
    await end(id);
  });
});
