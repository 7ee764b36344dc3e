import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel, pause, reroute, workloadState } from '#workflows/workloads/workload.messages';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const FORCE = { by: 'customer', mode: 'force' } as const;
const BY = { by: 'customer' } as const;

describe.skipIf(!inject('temporal'))('W-166: a workload that is moving', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    // Where it lands: a slow restore of 200 GB takes 200 node seconds + 20 = 0.2 s here; the start is refused for longer where a test says so
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 60, PT: 160 } });
  });
  afterAll(() => world.close());

  const moving = async () => {
    const id = await world.accept({ checkpoint: { size_gb: 1_500 } });
    await world.reaches(id, 'running');
    await world.progressed(id, 100);
    await world.handle(id).executeUpdate(reroute, { args: [FORCE] });
    return id;
  };

  test('a second reroute and a pause are refused; cancel deletes both jobs and leaves no reservation', async () => {
    const id = await moving();
    await world.reaches(id, ['checkpointing', 'moving']);
    await expect(world.handle(id).executeUpdate(reroute, { args: [FORCE] })).rejects.toMatchObject({ cause: { type: 'move-in-progress' } });
    await expect(world.handle(id).executeUpdate(pause, { args: [BY] })).rejects.toMatchObject({ cause: { type: 'invalid-transition', details: [{ state: expect.stringMatching(/checkpointing|moving/), allowed: ['cancel', 'amend'] }] } });
    await world.reaches(id, 'moving');
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    const row = await world.reaches(id, 'cancelled');
    expect(row).toMatchObject({ reason: 'by_customer', moves_used: 0 });
    expect((await world.segments(id)).map(({ end_reason }) => end_reason)).toEqual(['by_customer', 'not_started']);
    expect(await world.held()).toEqual([]);
    for (const slug of ['fr-paris-1', 'pt-sines-1']) expect(world.node(slug).jobs.active()).toEqual([]);
  });

  test('W-75: a target that does not start is given back, the source goes on, and no move is counted', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    world.node('pt-sines-1').refuse('owner_in_use');
    const before = await world.progressed(id, 100);
    await world.handle(id).executeUpdate(reroute, { args: [FORCE] });
    await expect.poll(async () => (await world.segments(id)).map(({ end_reason }) => end_reason), { timeout: 8_000, interval: 20 }).toEqual([null, 'not_started']);
    const row = await world.reaches(id, 'running');
    expect(row).toMatchObject({ node: 'fr-paris-1', segment: 1, fence: 1, moves_used: 0 });
    expect(Number(row.units_done)).toBeGreaterThanOrEqual(Number(before.units_done));
    await expect.poll(() => world.held()).toEqual([{ slug: 'fr-paris-1', gpus_reserved: 1 }]);
    // The row says it a moment before the run has heard that its move is over
    await expect.poll(() => world.handle(id).query(workloadState), { timeout: 8_000, interval: 20 }).toMatchObject({ state: 'running' });
    // Segment 2 never ran; the next one is 3, without a hole
    world.node('pt-sines-1').refuse('available');
    await world.handle(id).executeUpdate(reroute, { args: [FORCE] });
    await expect.poll(async () => (await world.row(id)).node, { timeout: 8_000, interval: 20 }).toBe('pt-sines-1');
    expect(await world.row(id)).toMatchObject({ segment: 3, moves_used: 1 });
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });
});
