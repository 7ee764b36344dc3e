import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { jobIdOf } from '#platform/nodes/node-agents';
import { amend, cancel, energyReported, gridEventClosed, gridEventOpened, nodeChanged, pause, reroute, resume, route, workloadWorkflowId } from '#workflows/workloads/workload.messages';
import { shortHistoryTemporal } from '../support/short-history.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const BY = { by: 'customer' } as const;

/** What test/replay proves of recorded releases, here of this very code: nothing in a run depends on when or where it was decided. */
describe.skipIf(!inject('temporal'))('a run of each end and each message replays with the code that made it', () => {
  let world: WorkloadWorld;
  let server: Awaited<ReturnType<typeof shortHistoryTemporal>>;
  let bundle: WorkflowBundle;
  beforeAll(async () => {
    useRuntime();
    server = await shortHistoryTemporal('record', 120);
    world = await workloadWorld('record', { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 60, PT: 160 }, temporal: server.address });
    bundle = await bundleWorkflowCode({
      workflowsPath: new URL('../../workflows/workloads/workload.workflow.ts', import.meta.url).pathname, logger: new DefaultLogger('ERROR', () => undefined),
      webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } }),
    });
  });
  afterAll(async () => {
    await world.close();
    await server.close();
  });

  const running = async (order: Parameters<WorkloadWorld['accept']>[0] = {}) => {
    const id = await world.accept(order);
    await world.reaches(id, 'running');
    return id;
  };
  const cancelled = async (id: string) => {
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
    return id;
  };

  const replay = async (id: string, runId?: string) => {
    const workflowId = workloadWorkflowId(id);
    const history = await world.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowId);
  };

  /** One story a case; each returns the id of a workload whose run is over. */
  const CASES: Record<string, () => Promise<string>> = {
    'completed-finished': async () => {
      const id = await world.accept({ units: 300 });
      await world.reaches(id, 'completed');
      return id;
    },
    'cancelled-by-customer': async () => cancelled(await running()),
    'cancelled-by-operator': async () => {
      const id = await running();
      await world.handle(id).cancel();
      await world.reaches(id, 'cancelled');
      return id;
    },
    'failed-job-error': async () => {
      const id = await running({ retries: 0, zones: ['PT'] });
      world.node('pt-sines-1').fail(jobIdOf(id, 1));
      await world.reaches(id, 'failed');
      return id;
    },
    'expired-deadline-before-start': async () => {
      const id = await world.accept({ units: 60, zones: ['DE'], schedule: { deadline: new Date(Date.now() + 1_200).toISOString() } });
      await world.reaches(id, 'expired');
      return id;
    },
    'paused-and-resumed': async () => {
      const id = await running();
      await world.progressed(id, 50);
      await world.handle(id).executeUpdate(pause, { args: [BY] });
      await world.handle(id).executeUpdate(resume, { args: [BY] });
      await world.reaches(id, 'running');
      return cancelled(id);
    },
    'routed-while-it-waited': async () => {
      const id = await world.accept({ zones: ['DE'] });
      await world.reaches(id, 'queued');
      await world.handle(id).executeUpdate(route, { args: [BY] });
      return cancelled(id);
    },
    rerouted: async () => {
      const id = await running();
      await world.progressed(id, 50);
      await world.handle(id).executeUpdate(reroute, { args: [{ ...BY, mode: 'force' }] });
      await expect.poll(async () => (await world.row(id)).moves_used, { timeout: 15_000 }).toBe(1);
      return cancelled(id);
    },
    'budget-spent-and-amended': async () => {
      const id = await running({ budget: { ng: '900000000000000' } });
      await world.db.inOrg(world.orgId, (em) => rows(em, sql`update workloads set budget_exhausted_at = clock_timestamp() where id = ${id}`));
      await world.handle(id).signal(energyReported, { budget: 'exhausted' });
      await world.reaches(id, 'paused');
      await world.handle(id).executeUpdate(amend, { args: [{ ...BY, labels: { team: 'blue' }, budget: { ng: '990000000000000' } }] });
      await world.handle(id).executeUpdate(resume, { args: [BY] });
      await world.reaches(id, 'running');
      return cancelled(id);
    },
    'shed-paused-and-resumed': async () => {
      const id = await running();
      const event = { zone: 'FR', eventId: 'shed-20260101T000000Z' };
      await world.handle(id).signal(gridEventOpened, { ...event, decisionId: (await world.row(id)).last_decision_id, action: 'pause' });
      await world.reaches(id, 'paused');
      await world.handle(id).signal(gridEventClosed, { ...event, resume: true });
      await world.reaches(id, 'running');
      return cancelled(id);
    },
    'moved-by-the-review': async () => {
      const id = await running({ policy: 'carbon' });
      world.setIntensity({ FR: 400, PT: 60 });
      await world.reviewed('FR', '2026-01-01T00:00:00.000Z');
      await expect.poll(async () => (await world.row(id)).moves_used, { timeout: 15_000 }).toBe(1);
      world.setIntensity({ FR: 60, PT: 160 });
      return cancelled(id);
    },
    'node-drained': async () => {
      const id = await running({ zones: ['FR', 'PT'] });
      await world.setNodeState('fr-paris-1', 'draining');
      await world.handle(id).signal(nodeChanged, { nodeId: world.node('fr-paris-1').id, state: 'draining' });
      await expect.poll(async () => (await world.row(id)).node, { timeout: 15_000 }).toBe('pt-sines-1');
      await world.setNodeState('fr-paris-1', 'online');
      return cancelled(id);
    },
    'continued-as-new': async () => {
      const id = await running();
      const first = (await world.handle(id).describe()).runId;
      while ((await world.handle(id).describe()).runId === first) await world.handle(id).signal(nodeChanged, { nodeId: world.node('fr-paris-1').id, state: 'online' });
      await cancelled(id);
      await replay(id, first);
      return id;
    },
  };

  test.each(Object.keys(CASES))('%s', async (name) => {
    const id = await CASES[name]!();
    await world.handle(id).result();
    await replay(id);
  }, 60_000);
});
