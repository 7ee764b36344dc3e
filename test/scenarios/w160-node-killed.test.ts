import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel } from '#workflows/workloads/workload.messages';
import { jobIdOf } from '#platform/nodes/node-agents';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

describe.skipIf(!inject('temporal'))('W-160: a node is killed under a job that has a checkpoint', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 60, PT: 160 } });
  });
  afterAll(() => world.close());

  test('it runs elsewhere from the checkpoint, no move is counted, and what was lost is not billed', async () => {
    // Given a job in FR that saves every 1,200 node seconds (2 s here) and has gone on since its last save
    const id = await world.accept({ checkpoint: { interval_s: 1_200 } });
    await world.reaches(id, 'running');
    await expect.poll(async () => (await world.row(id)).checkpoint?.units_done ?? 0, { timeout: 8_000, interval: 20 }).toBeGreaterThan(0);
    const before = await world.progressed(id, (await world.row(id)).checkpoint.units_done + 60);

    // When its host dies
    await world.node('fr-paris-1').kill();
    await world.setNodeState('fr-paris-1', 'silent');

    // Then it runs in PT from the last save, and the first segment says why
    await expect.poll(async () => (await world.row(id)).node, { timeout: 8_000, interval: 20 }).toBe('pt-sines-1');
    const after = await world.reaches(id, 'running');
    expect(after).toMatchObject({ segment: 2, fence: 2, moves_used: 0, node_losses: 1 });
    const [lost, open] = await world.segments(id);
    expect(lost).toMatchObject({ end_reason: 'node_lost' });
    expect(Number(open.units_start)).toBe((await world.row(id)).checkpoint.units_done);
    const told = (await world.events(id)).find(({ data }) => data.reason === 'node_lost' && data.units_lost !== undefined);
    expect(told.data.units_lost).toBeGreaterThanOrEqual(60);
    expect(told.data.units_done).toBeLessThan(Number(before.units_done));
    // Billed until the save, not until the loss: 1 GPU, so GPU seconds = node seconds from start to save
    const toSave = (Date.parse((await world.row(id)).checkpoint.at) - lost.started_at.getTime()) / 1_000;
    const toLoss = (lost.ended_at.getTime() - lost.started_at.getTime()) / 1_000;
    expect(Number(lost.gpu_seconds)).toBeLessThanOrEqual(Math.max(0, toSave) * 600 + 1);
    expect(Number(lost.gpu_seconds)).toBeLessThan(toLoss * 600);
    expect(await world.held()).toEqual([{ slug: 'pt-sines-1', gpus_reserved: 1 }]);

    // When the node comes back with the job, and the work ends elsewhere
    await world.node('fr-paris-1').revive();
    await world.handle(id).executeUpdate(cancel, { args: [{ by: 'customer' }] });
    await world.reaches(id, 'cancelled');

    // Then what it did late is kept beside the segment, billed 0, and it was told to stop
    const [late] = await world.segments(id);
    expect(late.late_result).toMatchObject({ units_done: expect.any(Number) });
    expect(late.gpu_seconds).toBe(lost.gpu_seconds);
    expect(world.node('fr-paris-1').jobs.get(jobIdOf(id, 1)).state).toBe('stopped');
  });

  test('a job that fails tries again from its save as often as the order says, then it has failed', async () => {
    const id = await world.accept({ retries: 1, zones: ['PT'] });
    for (const segment of [1, 2]) {
      await expect.poll(async () => (await world.row(id)).segment, { timeout: 8_000, interval: 20 }).toBe(segment);
      await world.reaches(id, 'running');
      world.node('pt-sines-1').fail(jobIdOf(id, segment));
    }
    expect(await world.reaches(id, 'failed')).toMatchObject({ reason: 'job_error', job_errors: 1 });
    expect((await world.segments(id)).map(({ end_reason }) => end_reason)).toEqual(['job_error', 'job_error']);
  });
});
