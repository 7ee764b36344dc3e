import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancel, nodeChanged, pause, resume, workloadState } from '#workflows/workloads/workload.messages';
import { shortHistoryTemporal } from '../support/short-history.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const BY = { by: 'customer' } as const;

describe.skipIf(!inject('temporal'))('runs outlive workers and their own histories', () => {
  let world: WorkloadWorld;
  let server: Awaited<ReturnType<typeof shortHistoryTemporal>>;
  beforeAll(async () => {
    useRuntime();
    server = await shortHistoryTemporal('short', 60);
    world = await workloadWorld('short', { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 60, PT: 160 }, temporal: server.address });
  });
  afterAll(async () => {
    await world.close();
    await server.close();
  });

  test('W-148, F22: continued as new while signals pour in, it keeps its segment, its state and its queued commands', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    const first = (await world.handle(id).describe()).runId;
    // A node that comes and goes says so 300 times; in between the customer pauses and resumes
    const noise = Promise.all(Array.from({ length: 300 }, (_, n) => world.handle(id).signal(nodeChanged, { nodeId: world.node('fr-paris-1').id, state: n % 2 ? 'silent' : 'online' })));
    expect(await world.handle(id).executeUpdate(pause, { args: [BY] })).toMatchObject({ changed: true });
    await world.reaches(id, 'paused');
    expect(await world.handle(id).executeUpdate(resume, { args: [BY] })).toMatchObject({ changed: true });
    await noise;
    await world.reaches(id, 'running');
    await expect.poll(async () => (await world.handle(id).describe()).runId, { timeout: 15_000 }).not.toBe(first);
    expect(await world.handle(id).query(workloadState)).toMatchObject({ state: 'running', node: { segment: 2 } });
    const { historyLength } = await world.handle(id).describe();
    expect(historyLength).toBeLessThan(4_000);
    // The new run watches the job: it still progresses, and ends when told to
    const now = Number((await world.row(id)).units_done);
    await world.progressed(id, now + 100);
    expect(await world.segments(id)).toHaveLength(2);
    expect(await world.handle(id).executeUpdate(cancel, { args: [BY] })).toEqual({ state: 'settling', changed: true });
    await world.reaches(id, 'cancelled');
    expect(await world.held()).toEqual([]);
  });

  test('W-145: no worker for a while; the job goes on by itself, the run finds it again, and what was posted meanwhile starts', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    await world.progressed(id, 100);
    await world.stopWorker();
    const meanwhile = await world.accept();
    const left = Number((await world.row(id)).units_done);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await world.row(meanwhile)).state).toBe('accepted');
    await world.startWorker();
    const row = await world.progressed(id, left);
    expect(row).toMatchObject({ state: 'running', segment: 1 });
    await world.reaches(meanwhile, 'running');
    expect(await world.segments(id)).toHaveLength(1);
    for (const one of [id, meanwhile]) await world.handle(one).executeUpdate(cancel, { args: [BY] });
    for (const one of [id, meanwhile]) await world.reaches(one, 'cancelled');
  });
});
