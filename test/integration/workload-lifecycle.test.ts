import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel, pause, resume, reroute, workloadState } from '#workflows/workloads/workload.messages';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const BY = { by: 'customer' } as const;

describe.skipIf(!inject('temporal'))('a workload from acceptance to its end', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 60, PT: 160 } });
  });
  afterAll(() => world.close());

  test('it is placed, runs, completes with its result, and gives everything back', async () => {
    const id = await world.accept({ units: 900 });
    const running = await world.reaches(id, 'running');
    expect(running).toMatchObject({ node: 'fr-paris-1', zone: 'FR', segment: 1, fence: 1, power_w: expect.any(Number), run_started: true });
    const done = await world.reaches(id, 'completed');
    expect(done).toMatchObject({ reason: 'finished', units_done: '900' });
    expect(done.result.sha256).toBe(createHash('sha256').update(`${id}:900`).digest('hex'));
    const [segment] = await world.segments(id);
    expect(segment).toMatchObject({ end_reason: 'finished', billable: true });
    // Nothing reported this node's energy: the power model did (W-24), and the books go by it
    expect(done.grade).toBe('estimated');
    expect(BigInt(done.energy_mj)).toBe(BigInt(segment.energy_mj));
    expect(BigInt(segment.energy_mj)).toBeGreaterThan(0n);
    // gross = gpu_seconds × 2.40 USD ÷ 3,600
    expect(Number(done.compute_micro_usd)).toBeCloseTo((Number(segment.gpu_seconds) * 2_400_000) / 3_600, 0);
    expect(await world.held()).toEqual([]);
    const states = (await world.events(id)).filter(({ name }) => name === 'workload.state').map(({ data }) => data.state);
    expect(states).toEqual(['placing', 'running', 'settling', 'completed']);
  });

  test('a pause ends its segment with the checkpoint; resuming goes on from there in a new one', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    const before = await world.progressed(id, 300);
    expect(await world.handle(id).executeUpdate(pause, { args: [BY] })).toEqual({ state: 'paused', changed: true });
    const paused = await world.row(id);
    expect(paused).toMatchObject({ state: 'paused', reason: 'customer', node: null, zone: null });
    expect(paused.checkpoint.units_done).toBeGreaterThanOrEqual(Number(before.units_done));
    expect(await world.held()).toEqual([]);
    expect(await world.handle(id).executeUpdate(pause, { args: [BY] })).toEqual({ state: 'paused', changed: false });
    expect(await world.handle(id).executeUpdate(resume, { args: [BY] })).toMatchObject({ changed: true });
    const again = await world.reaches(id, 'running');
    expect(again).toMatchObject({ segment: 2, fence: 2, moves_used: 0 });
    const [first, second] = await world.segments(id);
    expect(first).toMatchObject({ end_reason: 'paused' });
    expect(Number(second.units_start)).toBe(paused.checkpoint.units_done);
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });

  test('cancel frees the GPU at once, and its repeat changes nothing', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    expect(await world.handle(id).executeUpdate(cancel, { args: [BY] })).toEqual({ state: 'settling', changed: true });
    expect(await world.held()).toEqual([]);
    expect(world.node('fr-paris-1').jobs.active()).toEqual([]);
    const row = await world.reaches(id, 'cancelled');
    expect(row.reason).toBe('by_customer');
  });

  test('a forced reroute moves it, counts the move and keeps its progress', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    const before = await world.progressed(id, 200);
    const { decisionId } = await world.handle(id).executeUpdate(reroute, { args: [{ ...BY, mode: 'force', targetNodeId: world.node('pt-sines-1').id }] });
    let shown = Number(before.units_done);
    let row = before;
    while (row.node !== 'pt-sines-1') {
      row = await world.row(id);
      expect(Number(row.units_done)).toBeGreaterThanOrEqual(shown);
      shown = Number(row.units_done);
    }
    expect(row).toMatchObject({ state: 'running', segment: 2, fence: 2, moves_used: 1 });
    const [decision] = (await world.decisions(id)).filter((one) => one.id === decisionId);
    expect(decision).toMatchObject({ kind: 'request', outcome: 'move', winner_node_id: world.node('pt-sines-1').id });
    await expect.poll(() => world.held()).toEqual([{ slug: 'pt-sines-1', gpus_reserved: 1 }]);
    expect((await world.segments(id)).map(({ end_reason }) => end_reason)).toEqual(['moved', null]);
    expect(await world.handle(id).query(workloadState)).toMatchObject({ state: 'running', node: { zone: 'PT' } });
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });
});
