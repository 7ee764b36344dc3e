import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { reroute } from '#workflows/workloads/workload.messages';
import { query } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

describe.skipIf(!inject('temporal'))('W-165, W-171: free GPUs are few', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1', 'gamer-fr-1', 'us-ca-1'], intensityG: { FR: 160, PT: 60, 'US-CAL-CISO': 50 } });
  });
  afterAll(() => world.close());

  test('W-165: of two that are rerouted to one free GPU at once, one moves and the other keeps for want of capacity', async () => {
    // Given one free GPU in PT
    const movers = await Promise.all([world.accept({ zones: ['FR'] }), world.accept({ zones: ['FR'] })]);
    await Promise.all(movers.map((id) => world.reaches(id, 'running')));
    await query(world.db.superuserUrl, `update workloads set spec = jsonb_set(spec, '{constraints,zones}', '["FR", "PT"]') where id = any($1)`, [movers]);
    await query(world.db.superuserUrl, `update nodes set gpus_reserved = 7 where slug = 'pt-sines-1'`);
    await query(world.db.superuserUrl, `insert into reservations (workload_id, segment, org_id, node_id, gpus) select gen_random_uuid(), 1, $1, id, 7 from nodes where slug = 'pt-sines-1'`, [world.orgId]);

    // When both are rerouted there at once
    const target = { by: 'customer', mode: 'force', targetNodeId: world.node('pt-sines-1').id } as const;
    const answers = await Promise.allSettled(movers.map((id) => world.handle(id).executeUpdate(reroute, { args: [target] })));

    // Then one moves, the other is refused with the exclusion, and the node's count holds
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = answers.find((answer) => answer.status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason.cause).toMatchObject({ type: 'no-candidate', details: [{ excluded: expect.objectContaining({ capacity: expect.any(Number) }) }] });
    await expect.poll(async () => (await Promise.all(movers.map((id) => world.row(id)))).map(({ node, state }) => `${node} ${state}`).sort(), { timeout: 8_000 })
      .toEqual([expect.stringMatching(/^(fr-paris-1|gamer-fr-1) running$/), 'pt-sines-1 running']);
    const [pt] = await query<{ gpus_reserved: number }>(world.db.superuserUrl, `select gpus_reserved from nodes where slug = 'pt-sines-1'`);
    expect(pt!.gpus_reserved).toBe(8);
    for (const id of movers) await world.handle(id).cancel();
    for (const id of movers) expect((await world.reaches(id, 'cancelled')).reason).toBe('by_operator');
  });

  test('W-171: work of residency EU waits for the EU, never goes to the US, and starts within one interval of a free slot', async () => {
    // Given full nodes in the EU and a free, cleaner one in the US (the sample fleet has 4 nodes outside the EU, and 3 that are on in it)
    await query(world.db.superuserUrl, `update nodes set gpus_reserved = gpus where slug in ('fr-paris-1', 'pt-sines-1', 'gamer-fr-1')`);
    const id = await world.accept({ residency: 'EU' });
    const queued = await world.reaches(id, 'queued');
    expect(queued.exclusions).toMatchObject({ residency: 4, capacity: 3 });
    // The same queue again is no new decision
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await world.decisions(id)).toHaveLength(1);
    // When a slot is free
    await query(world.db.superuserUrl, `update nodes set gpus_reserved = gpus - 1 where slug = 'fr-paris-1'`);
    const freed = Date.now();
    expect(await world.reaches(id, 'running', 5_000)).toMatchObject({ node: 'fr-paris-1' });
    expect(Date.now() - freed).toBeLessThan(400 + 2_500); // one interval of this test, and the start
    await world.handle(id).cancel();
    await world.reaches(id, 'cancelled');
  });
});
