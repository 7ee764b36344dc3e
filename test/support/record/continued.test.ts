/** Runs that continued as new, on a Temporal that suggests it after a few events. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createGridActivities } from '#activities/grid/grid.activities';
import { createEventActivities } from '#activities/grid/event.activities';
import { eventClosed, eventConfirmed, GRID_EVENT_LIMITS, gridEventView, gridEventWorkflowId, type CloseCause, type GridEventInput } from '#workflows/grid/event.messages';
import { advanceZone, gridZoneWorkflowId } from '#workflows/grid/zone.messages';
import { cancel, nodeChanged, workloadState, workloadWorkflowId } from '#workflows/workloads/workload.messages';
import { createWorkers } from '../../../apps/worker/src/workers.ts';
import { modelGrid } from '../model-grid.ts';
import { shortHistoryTemporal } from '../short-history.ts';
import { useRuntime } from '../runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../workload-world.ts';
import { closeEvent, constantViews, openEvent } from '../zone-with-work.ts';
import { recording, type Recorded } from './record.ts';

const BY = { by: 'customer' } as const;
const NAMESPACE = 'short';
let world: WorkloadWorld;
let server: Awaited<ReturnType<typeof shortHistoryTemporal>>;
beforeAll(async () => {
  useRuntime();
  server = await shortHistoryTemporal(NAMESPACE, 40);
  world = await workloadWorld(NAMESPACE, { slugs: ['fr-paris-1'], intensityG: { FR: 60 }, temporal: server.address });
});
afterAll(async () => {
  await world?.close();
  await server?.close();
});

/** Both runs are kept: how one ends, and what the next begins with. */
const both = (workflow: 'workload' | 'gridEvent' | 'gridZone', story: () => Promise<readonly [Recorded, Recorded]>) => {
  let told: Promise<readonly [Recorded, Recorded]> | undefined;
  const tell = () => (told ??= story());
  recording(workflow, 'continued-as-new', async () => (await tell())[0]);
  recording(workflow, 'continued', async () => (await tell())[1]);
};
const runOf = async (temporal: Client, workflowId: string) => (await temporal.workflow.getHandle(workflowId).describe()).runId;

describe('continued as new', () => {
  both('workload', async () => {
    const id = await world.accept();
    await world.reaches(id, 'running');
    const [temporal, workflowId] = [world.temporal, workloadWorkflowId(id)];
    const first = await runOf(temporal, workflowId);
    for (let n = 0; (await runOf(temporal, workflowId)) === first; n += 1) await world.handle(id).signal(nodeChanged, { nodeId: world.node('fr-paris-1').id, state: n % 2 ? 'silent' : 'online' });
    expect(await world.handle(id).query(workloadState)).toMatchObject({ state: 'running' });
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
    return [{ temporal, workflowId, runId: first }, { temporal, workflowId }];
  });

  describe('of a zone and an event', () => {
    let workers: Worker[];
    let running: Promise<unknown>;
    let temporal: Client;
    beforeAll(async () => {
      temporal = new Client({ connection: await Connection.connect({ address: server.address }), namespace: NAMESPACE });
      const sources = await modelGrid(60);
      const routing = { zoneViews: constantViews({ FR: 60 }), intervalMs: 60_000, nodeSecondsPerSecond: 600, codeVersion: 'test' };
      workers = await createWorkers({
        connection: await NativeConnection.connect({ address: server.address }), namespace: NAMESPACE, dataConverter: {}, maxCachedWorkflows: 50,
        activities: { grid: { ...createGridActivities({ database: world.db, sources, temporal }), ...createEventActivities({ database: world.db, temporal, routing }) } },
      });
      running = Promise.all(workers.map((worker) => worker.run()));
    });
    afterAll(async () => {
      for (const worker of workers ?? []) worker.shutdown();
      await running;
      await temporal?.connection.close();
    });

    both('gridZone', async () => {
      const workflowId = gridZoneWorkflowId('ES');
      const { firstExecutionRunId: first } = await temporal.workflow.start('gridZone', { taskQueue: 'grid', workflowId, args: [{ zone: 'ES' }] });
      while ((await runOf(temporal, workflowId)) === first) await temporal.workflow.getHandle(workflowId).executeUpdate(advanceZone, { args: [{ steps: 1 }] });
      await temporal.workflow.getHandle(workflowId).executeUpdate(advanceZone, { args: [{ steps: 1 }] });
      return [{ temporal, workflowId, runId: first }, { temporal, workflowId }];
    });

    const started = async (zone: string, over: Partial<GridEventInput> = {}) => {
      const event = await openEvent(world.db, zone, 'absorb');
      const input: GridEventInput = { ...event, limits: { ...GRID_EVENT_LIMITS, intervalMs: 300 }, ...over };
      const workflowId = gridEventWorkflowId(event.zone, event.eventId);
      const { firstExecutionRunId: first } = await temporal.workflow.start('gridEvent', { taskQueue: 'grid', workflowId, args: [input] });
      const closed = async (cause: CloseCause): Promise<Recorded> => {
        await closeEvent(world.db, event);
        const run = temporal.workflow.getHandle(workflowId);
        await run.signal(eventClosed, { cause });
        await run.result();
        return { temporal, workflowId };
      };
      return { workflowId, first, closed };
    };

    both('gridEvent', async () => {
      const { workflowId, first, closed } = await started('DE', { limits: { ...GRID_EVENT_LIMITS, intervalMs: 300, historyEvents: 45 } });
      await expect.poll(() => runOf(temporal, workflowId), { timeout: 60_000 }).not.toBe(first);
      return [{ temporal, workflowId, runId: first }, await closed('call_ended')];
    });

    recording('gridEvent', 'not-confirmed', async () => (await started('NL', { awaitsConfirmation: true })).closed('not_confirmed'));

    recording('gridEvent', 'confirmed-later', async () => {
      const { workflowId, closed } = await started('BE', { awaitsConfirmation: true });
      await temporal.workflow.getHandle(workflowId).signal(eventConfirmed);
      await expect.poll(() => temporal.workflow.getHandle(workflowId).query(gridEventView)).toMatchObject({ state: 'ADAPTING' });
      return closed('condition_over');
    });

    recording('gridEvent', 'rolled-over', async () => {
      const { workflowId } = await started('IT', { limits: { ...GRID_EVENT_LIMITS, intervalMs: 300, maxLifeMs: 1_000 } });
      expect(await temporal.workflow.getHandle(workflowId).result()).toMatchObject({ state: 'RESOLVED', cause: 'rolled' });
      return { temporal, workflowId };
    });
  });
});
