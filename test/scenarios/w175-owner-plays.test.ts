import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel, nodeChanged } from '#workflows/workloads/workload.messages';
import { query } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

describe.skipIf(!inject('temporal'))('W-175: the owner of a gamer’s card starts to play', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['gamer-fr-1', 'gamer-es-1'], intensityG: { FR: 60, ES: 170 } });
  });
  afterAll(() => world.close());

  const plays = async (id: string) => {
    world.node('gamer-fr-1').refuse('owner_in_use');
    await world.setNodeState('gamer-fr-1', 'draining', 'owner_in_use');
    await world.handle(id).signal(nodeChanged, { nodeId: world.node('gamer-fr-1').id, state: 'draining' });
  };
  const stopsPlaying = async () => {
    world.node('gamer-fr-1').refuse('available');
    await world.setNodeState('gamer-fr-1', 'online');
  };

  test('the job is elsewhere within 30 s with its progress, and the owner is paid for what was done', async () => {
    const id = await world.accept({ units: 20_000 });
    expect(await world.reaches(id, 'running')).toMatchObject({ node: 'gamer-fr-1' });
    const before = await world.progressed(id, 50);
    await plays(id);
    await expect.poll(async () => (await world.row(id)).node, { timeout: 30_000, interval: 20 }).toBe('gamer-es-1');
    const row = await world.reaches(id, 'running');
    expect(Number(row.units_done)).toBeGreaterThanOrEqual(Number(before.units_done));
    const [first] = await world.segments(id);
    expect(first).toMatchObject({ end_reason: 'moved', billable: true });
    await expect.poll(() => world.held()).toEqual([{ slug: 'gamer-es-1', gpus_reserved: 1 }]);
    await world.handle(id).executeUpdate(cancel, { args: [{ by: 'customer' }] });
    await world.reaches(id, 'cancelled');
    const facts = await query<{ fact: { gpu_seconds: string; billable: boolean } }>(world.db.superuserUrl, 'select fact from usage_facts where workload_id = $1 order by segment', [id]);
    expect(facts[0]!.fact).toMatchObject({ gpu_seconds: first.gpu_seconds, billable: true });
    expect(Number(first.gpu_seconds)).toBeGreaterThan(0);
    await stopsPlaying();
  });

  test('with nowhere to go it is saved, leaves all the same, and waits for a node', async () => {
    const id = await world.accept({ units: 20_000, zones: ['FR'] });
    await world.reaches(id, 'running');
    await world.progressed(id, 50);
    await plays(id);
    const queued = await world.reaches(id, 'queued', 30_000);
    expect(queued.checkpoint.units_done).toBeGreaterThan(0);
    expect((await world.segments(id)).map(({ end_reason }) => end_reason)).toEqual(['drained']);
    expect(await world.held()).toEqual([]);
    await stopsPlaying();
    expect(await world.reaches(id, 'running')).toMatchObject({ segment: 2, moves_used: 0 });
    await world.handle(id).executeUpdate(cancel, { args: [{ by: 'customer' }] });
    await world.reaches(id, 'cancelled');
  });

  test('W-31: a node that is quarantined is not asked to save: the work goes on elsewhere from the save before, the rest unbilled', async () => {
    const id = await world.accept({ units: 20_000, checkpoint: { interval_s: 240 } });
    await world.reaches(id, 'running');
    await expect.poll(async () => (await world.row(id)).checkpoint?.units_done ?? 0, { timeout: 8_000, interval: 20 }).toBeGreaterThan(0);
    await world.setNodeState('gamer-fr-1', 'quarantined', 'equivocation');
    await world.handle(id).signal(nodeChanged, { nodeId: world.node('gamer-fr-1').id, state: 'quarantined' });
    await expect.poll(async () => (await world.row(id)).node, { timeout: 10_000, interval: 20 }).toBe('gamer-es-1');
    const [first] = await world.segments(id);
    expect(first).toMatchObject({ end_reason: 'quarantined' });
    expect(Number(first.gpu_seconds)).toBeLessThan(((first.ended_at.getTime() - first.started_at.getTime()) / 1_000) * 600);
    expect((await world.reaches(id, 'running')).moves_used).toBe(0);
    await world.handle(id).executeUpdate(cancel, { args: [{ by: 'customer' }] });
    await world.reaches(id, 'cancelled');
    await stopsPlaying();
  });
});
