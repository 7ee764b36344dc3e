/** Stories of a run whose nodes, grid and meters are steered: faults, decisions of others, budgets, deadlines. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { sql } from 'kysely';
import { chargeBudgets } from '#platform/budgets/charge';
import { rows } from '#platform/db/in-org';
import { amend, cancel, energyReported, nodeChanged, pause, reroute, resume, workloadWorkflowId } from '#workflows/workloads/workload.messages';
import { takeNamespace } from '../namespaces.ts';
import { useRuntime } from '../runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../workload-world.ts';
import { recording } from './record.ts';

const BY = { by: 'customer' } as const;
const [FR, PT] = ['fr-paris-1', 'pt-sines-1'];
let world: WorkloadWorld;
beforeAll(async () => {
  useRuntime();
  world = await workloadWorld(await takeNamespace(), { slugs: [FR, PT], intensityG: { FR: 60, PT: 160 } });
});
afterAll(() => world?.close());

const recorded = (id: string) => ({ temporal: world.temporal, workflowId: workloadWorkflowId(id) });
const cancelled = async (id: string) => {
  await world.handle(id).executeUpdate(cancel, { args: [BY] });
  await world.reaches(id, 'cancelled');
  return recorded(id);
};
const running = async (order: Parameters<WorkloadWorld['accept']>[0] = {}) => {
  const id = await world.accept(order);
  await world.reaches(id, 'running');
  await world.progressed(id, 50);
  return id;
};
const isOn = (id: string, slug: string) => expect.poll(async () => { const { node, state } = await world.row(id); return `${node} ${state}`; }, { timeout: 15_000, interval: 20 }).toBe(`${slug} running`);
const change = (id: string, set: ReturnType<typeof sql>) => world.db.inOrg(world.orgId, (em) => rows(em, sql`update workloads set ${set} where id = ${id}`));

describe('faults of nodes', () => {
  recording('workload', 'failed-by-its-node', async () => {
    const id = await running({ retries: 1, zones: ['FR'] });
    world.node(FR).fail(`${id}.1`);
    await expect.poll(async () => (await world.row(id)).segment, { timeout: 15_000, interval: 20 }).toBe(2);
    await world.reaches(id, 'running');
    world.node(FR).fail(`${id}.2`);
    await world.reaches(id, 'failed');
    return recorded(id);
  });

  recording('workload', 'node-lost', async () => {
    const id = await running();
    await world.node(FR).kill();
    await world.setNodeState(FR, 'offline');
    await isOn(id, PT);
    await world.node(FR).revive();
    await world.setNodeState(FR, 'online');
    return cancelled(id);
  });

  recording('workload', 'move-rolled-back', async () => {
    const id = await running();
    world.node(PT).refuse('owner_in_use');
    await world.handle(id).executeUpdate(reroute, { args: [{ ...BY, mode: 'force' }] });
    await expect.poll(async () => (await world.segments(id)).map(({ end_reason }) => end_reason), { timeout: 15_000, interval: 20 }).toEqual([null, 'not_started']);
    await isOn(id, FR);
    world.node(PT).refuse('available');
    return cancelled(id);
  });

  recording('workload', 'node-drained', async () => {
    const id = await running();
    await world.setNodeState(FR, 'draining');
    await world.handle(id).signal(nodeChanged, { nodeId: world.node(FR).id, state: 'draining' });
    await isOn(id, PT);
    await world.setNodeState(FR, 'online');
    return cancelled(id);
  });

  recording('workload', 'node-drained-nowhere-to-go', async () => {
    const id = await running({ zones: ['FR'] });
    await world.setNodeState(FR, 'draining');
    await world.handle(id).signal(nodeChanged, { nodeId: world.node(FR).id, state: 'draining' });
    await world.reaches(id, 'queued');
    await world.setNodeState(FR, 'online');
    await isOn(id, FR);
    return cancelled(id);
  });
});

describe('decisions of others', () => {
  recording('workload', 'moved-by-the-review', async () => {
    const id = await running({ policy: 'carbon' });
    world.setIntensity({ FR: 400, PT: 60 });
    expect(await world.reviewed('FR', new Date(Date.UTC(2026, 0, 1)).toISOString())).toMatchObject({ moves: 1 });
    await isOn(id, PT);
    world.setIntensity({ FR: 60, PT: 160 });
    return cancelled(id);
  });

  recording('workload', 'cancelled-in-a-move', async () => {
    const id = await running({ checkpoint: { size_gb: 1_500 } });
    await world.handle(id).executeUpdate(reroute, { args: [{ ...BY, mode: 'force' }] });
    await world.reaches(id, 'moving');
    return cancelled(id);
  });
});

describe('limits', () => {
  /** As ingestion does when a report reaches the limit. */
  const exhaust = async (id: string) => {
    const { exhausted } = await world.db.inOrg(world.orgId, async (em) => {
      await rows(em, sql`update workloads set operational_ng = 900000000000, energy_mj = 1000 where id = ${id}`);
      return chargeBudgets(em, world.orgId, id);
    });
    expect(exhausted).toBe(true);
    await world.handle(id).signal(energyReported, { budget: 'exhausted' });
  };
  const budget = { ng: '900000000000' };

  recording('workload', 'budget-exhausted-paused', async () => {
    const id = await running({ budget });
    await exhaust(id);
    expect(await world.reaches(id, 'paused')).toMatchObject({ reason: 'budget' });
    await world.handle(id).executeUpdate(amend, { args: [{ ...BY, budget: { ng: '1800000000000' } }] });
    await world.handle(id).executeUpdate(resume, { args: [BY] });
    await isOn(id, FR);
    return cancelled(id);
  });

  recording('workload', 'budget-exhausted-stopped', async () => {
    const id = await running({ budget, onExhausted: 'stop' });
    await exhaust(id);
    expect(await world.reaches(id, 'cancelled')).toMatchObject({ reason: 'budget_exhausted' });
    return recorded(id);
  });

  recording('workload', 'expired-hard-deadline', async () => {
    const id = await running();
    await change(id, sql`deadline = clock_timestamp(), spec = jsonb_set(spec, '{schedule,hard_deadline}', 'true')`);
    expect(await world.reaches(id, 'expired')).toMatchObject({ reason: 'deadline_missed' });
    return recorded(id);
  });

  recording('workload', 'expired-paused-too-long', async () => {
    const id = await running({ limits: { pausedTooLongMs: 500 } });
    await world.handle(id).executeUpdate(pause, { args: [BY] });
    expect(await world.reaches(id, 'expired')).toMatchObject({ reason: 'paused_too_long' });
    return recorded(id);
  });
});
