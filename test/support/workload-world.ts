/** Real parts around the workload's run: PostgreSQL, Temporal, a worker, and nodes that speak HTTP; simulated GPUs, constant grid. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker } from '@temporalio/worker';
import { sql } from 'kysely';
import { inject } from 'vitest';
import { commitDecision } from '#activities/workloads/decide';
import { loadFleet } from '#activities/workloads/fleet';
import { loadAsk } from '#activities/workloads/work.sql';
import { createWorkloadActivities } from '#activities/workloads/workloads.activities';
import type { Pace } from '#activities/workloads/deps';
import { namedPolicy, type PolicyName } from '#domain/routing/policy';
import { place } from '#domain/routing/place';
import type { ZoneView } from '#domain/routing/types';
import { reservationFor } from '#domain/workload/budget';
import { reserveBudgets } from '#platform/budgets/reserve';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { SAMPLE_NODES } from '#platform/db/sample-organisations';
import { uuidv7 } from '#platform/ids/uuidv7';
import { AddressGuard } from '#platform/nodes/address-guard';
import { AgentClient } from '#platform/nodes/agent-client';
import type { AgentDirectory } from '#platform/nodes/agent-directory';
import { NodeAgents } from '#platform/nodes/node-agents';
import { silentLogger } from '#platform/telemetry/logger';
import type { WorkloadSpec } from '#platform/workloads/spec';
import { workloadWorkflowId, type WorkloadLimits } from '#workflows/workloads/workload.messages';
import { NO_FAULTS, type Faults } from '../../apps/node-agent/src/faults.ts';
import { jobRoutes } from '../../apps/node-agent/src/http/job-routes.ts';
import { createAgentServer } from '../../apps/node-agent/src/http/server.ts';
import { Jobs, type Availability } from '../../apps/node-agent/src/jobs/jobs.ts';
import { simulatedInventory } from '../../apps/node-agent/src/machine/simulated-inventory.ts';
import { SimulatedMachine } from '../../apps/node-agent/src/machine/simulated-machine.ts';
import { startWorkload } from '../../apps/gateway/src/workloads/start-workload.ts';
import { freshDatabase, query, type FreshDatabase } from './database.ts';
import { sampleWorld } from './sample-world.ts';
import { constantViews } from './zone-with-work.ts';

/** Node seconds a wall second: an H100 does 600 units a second, a checkpoint takes 35 ms. */
export const SCALE = 600;
export const LIMITS: WorkloadLimits = { intervalMs: 400, startTimeoutMs: 3_000, settleTimeoutMs: 200, pausedTooLongMs: 60_000, maxLifetimeMs: 600_000 };
const PACE: Partial<Pace> = { pollMs: 40, quickPollMs: 15, nodeLostAfterMs: 700, progressEveryMs: 80, stopWithinMs: 1_500 };

export interface TestNode {
  readonly id: string;
  readonly slug: string;
  readonly machine: SimulatedMachine;
  readonly jobs: Jobs;
  faults: Faults;
  refuse(availability: Availability): void;
  /** The job's program ends with an error. */
  fail(jobId: string): void;
  /** The host dies, or comes back on the same port with its disk. */
  kill(): Promise<void>;
  revive(): Promise<void>;
}

export type Order = Partial<Omit<WorkloadSpec, 'resources' | 'work' | 'schedule' | 'constraints' | 'checkpoint'>> & {
  readonly units?: number;
  readonly gpus?: number;
  readonly zones?: readonly string[];
  readonly residency?: 'EU' | 'any';
  readonly policy?: PolicyName;
  readonly maxMoves?: number;
  readonly schedule?: Partial<WorkloadSpec['schedule']>;
  readonly checkpoint?: Partial<WorkloadSpec['checkpoint']>;
  readonly budget?: Readonly<Record<string, string>>;
  readonly onExhausted?: 'pause' | 'stop';
  readonly limits?: Partial<WorkloadLimits>;
};

// eslint-disable-next-line -- rows are judged member by member
type Row = any;

/** The row says running a moment before the run hears of it; whoever commands the run directly would be refused. Without a worker it never hears. */
async function runKnows(temporal: Client, id: string): Promise<void> {
  for (const until = Date.now() + 2_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { searchAttributes } = await temporal.workflow.getHandle(workloadWorkflowId(id)).describe();
    if (searchAttributes['WorkloadState']?.[0] === 'running') return;
  }
}

export async function workloadWorld(namespace: string, options: { readonly slugs: readonly string[]; readonly intensityG?: Readonly<Record<string, number>>; readonly views?: (em: SqlEntityManager) => Promise<ZoneView[]>; readonly pace?: Partial<Pace>; readonly maxCachedWorkflows?: number; readonly temporal?: string }) {
  const db = await freshDatabase();
  const { orgs } = await sampleWorld(db);
  const orgId = orgs['aurora-labs']!;
  await db.inSystem((em) => rows(em, sql`update nodes set state = case when slug = any(${[...options.slugs]}::text[]) then 'online' else 'offline' end, time_scale = ${SCALE}`));
  const folder = mkdtempSync(join(tmpdir(), 'wattbook-nodes-'));
  const nodes = new Map<string, TestNode & { readonly address: () => string }>();
  for (const slug of options.slugs) nodes.set(slug, await startNode(slug, join(folder, `${slug}.jsonl`)));
  const directory = {
    find: async (nodeId: string) => {
      const node = [...nodes.values()].find(({ id }) => id === nodeId);
      return node && { nodeId, address: node.address(), agentToken: 'agent-token' };
    },
  } as unknown as AgentDirectory;
  const agents = new NodeAgents(directory, new AgentClient(new AddressGuard(['127.0.0.0/8'], false)));
  const address = options.temporal ?? inject('temporal');
  const temporal = new Client({ connection: await Connection.connect({ address }), namespace });
  const views = { current: options.views ?? constantViews(options.intensityG ?? {}) };
  const activities = createWorkloadActivities({
    database: db, temporal, agents, pace: { ...PACE, ...options.pace },
    routing: { zoneViews: (em) => views.current(em), intervalMs: 60_000, nodeSecondsPerSecond: SCALE, codeVersion: 'test' },
  });
  const startWorker = async () => {
    const worker = await Worker.create({
      connection: await NativeConnection.connect({ address }), namespace, taskQueue: 'workloads', activities, maxHeartbeatThrottleInterval: 50, defaultHeartbeatThrottleInterval: 50,
      ...(options.maxCachedWorkflows !== undefined && { maxCachedWorkflows: options.maxCachedWorkflows }),
      workflowsPath: new URL('../../workflows/workloads/workload.workflow.ts', import.meta.url).pathname,
      bundlerOptions: { webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } }) },
    });
    const running = worker.run();
    return async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    };
  };
  let stopWorker = await startWorker();

  const world = {
    db, orgId, orgs, temporal, activities, agents,
    node: (slug: string) => nodes.get(slug)!,
    setIntensity: (intensityG: Readonly<Record<string, number>>) => void (views.current = constantViews(intensityG)),
    setViews: (next: (em: SqlEntityManager) => Promise<ZoneView[]>) => void (views.current = next),
    stopWorker: () => stopWorker(),
    startWorker: async () => void (stopWorker = await startWorker()),
    accept: (order: Order = {}) => accept(db, temporal, orgId, order),
    handle: (id: string) => temporal.workflow.getHandle(workloadWorkflowId(id)),
    row: async (id: string): Promise<Row> => (await query<Row>(db.superuserUrl, 'select w.*, n.slug as node from workloads w left join nodes n on n.id = w.node_id where w.id = $1', [id]))[0],
    segments: (id: string): Promise<Row[]> => query(db.superuserUrl, 'select s.*, n.slug as node from segments s join nodes n on n.id = s.node_id where workload_id = $1 order by segment', [id]),
    decisions: (id: string): Promise<Row[]> => query(db.superuserUrl, 'select * from decisions where workload_id = $1 order by decided_at, id', [id]),
    events: (id: string): Promise<Row[]> => query(db.superuserUrl, 'select name, data from stream_events where workload_id = $1 order by id', [id]),
    /** What the incident agent does for waiting work: decides and reserves, and leaves the rest to the run. */
    reserve: (id: string, slug: string) => db.inSystem(async (em, actAs) => {
      await actAs(orgId);
      const work = await loadAsk(em, id);
      const fleet = await loadFleet(em, { zoneViews: (tx) => views.current(tx), intervalMs: 60_000, nodeSecondsPerSecond: SCALE, codeVersion: 'test' });
      const committed = await commitDecision(em, fleet, work, (input) => place({ ...input, kind: 'event', mayWait: false, waiting: true }), { trigger: 'event:test' });
      if (!committed.target || committed.target.nodeId !== nodes.get(slug)!.id) throw new Error(`nothing was reserved on ${slug}: ${committed.outcome}`);
      return { decisionId: committed.decisionId!, target: committed.target };
    }),
    keeps: async (id: string) => Number((await query<Row>(db.superuserUrl, 'select keeps from workload_directory where workload_id = $1', [id]))[0].keeps),
    /** One interval's review, as the zone's run asks for it; outside of a worker it needs the context of an activity. */
    reviewed: (zone: string, intervalStart: string) => new MockActivityEnvironment().run(activities.reviewWorkloads, { zone, intervalStart }),
    held: async (): Promise<Row[]> => query(db.superuserUrl, 'select slug, gpus_reserved from nodes where gpus_reserved > 0 order by slug'),
    setNodeState: (slug: string, state: string, cause = 'test') => db.inSystem((em) => rows(em, sql`update nodes set state = ${state}, state_cause = ${cause} where slug = ${slug}`)),
    /** Waits for the row, and where it runs also for the run to know it; an end that was not waited for fails at once. */
    reaches: async (id: string, states: string | readonly string[], withinMs = 25_000): Promise<Row> => {
      const wanted = [states].flat();
      for (const until = Date.now() + withinMs; ; ) {
        const row = await world.row(id);
        if (wanted.includes(row.state)) {
          if (row.state === 'running') await runKnows(temporal, id);
          return row;
        }
        const ended = ['completed', 'failed', 'cancelled', 'expired'].includes(row.state);
        if (ended || Date.now() > until) throw new Error(`the workload is ${row.state} (${row.reason}) on ${row.node}, not ${wanted.join(' or ')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    progressed: async (id: string, units: number): Promise<Row> => {
      for (;;) {
        const row = await world.row(id);
        if (Number(row.units_done) > units) return row;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: async () => {
      await stopWorker();
      await agents.close();
      await temporal.connection.close();
      for (const node of nodes.values()) await node.kill();
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}
export type WorkloadWorld = Awaited<ReturnType<typeof workloadWorld>>;

async function startNode(slug: string, path: string): Promise<TestNode & { readonly address: () => string }> {
  const { id } = SAMPLE_NODES.find((one) => one.slug === slug)!;
  const { inventory, speedE3 } = simulatedInventory(slug, SCALE);
  let server: Server;
  let port = 0;
  const node = { id, slug, faults: NO_FAULTS } as TestNode & { machine: SimulatedMachine; jobs: Jobs; address: () => string };
  const begin = async () => {
    node.jobs = new Jobs(path, () => node.machine, () => undefined);
    node.machine = new SimulatedMachine({ inventory, slug, speedE3, reportS: 10, onChange: (jobId, change) => node.jobs.apply(jobId, change) });
    server = createAgentServer({ routes: jobRoutes(node.jobs, 'modelled', () => node.faults), agentToken: () => 'agent-token', log: silentLogger });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    node.jobs.resume();
  };
  await begin();
  return Object.assign(node, {
    address: () => `http://127.0.0.1:${port}`,
    refuse: (availability: Availability) => node.jobs.setAvailability(availability),
    fail: (jobId: string) => {
      // The simulation knows no failing programs: the run is taken out of it, then the agent is told as by any machine.
      (node.machine as unknown as { runs: Map<string, unknown> }).runs.delete(jobId);
      node.jobs.apply(jobId, { state: 'failed', unitsDone: 5, energyMj: 1n, at: Date.now(), error: { code: 'job_error', detail: 'the program ended with 1' } });
    },
    kill: async () => {
      node.machine.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    revive: begin,
  });
}

/** As the gateway accepts an order: row, reservation of budgets, run. */
async function accept(db: FreshDatabase, temporal: Client, orgId: string, order: Order): Promise<string> {
  const id = uuidv7();
  const { units = 60_000, gpus = 1, zones, residency = 'any', policy = 'balanced', maxMoves = 5, schedule, checkpoint, budget, onExhausted = 'pause', limits, ...rest } = order;
  const spec: WorkloadSpec = {
    kind: 'fine_tune', program: null, resources: { gpu_count: gpus, gpu_memory_gb: 16 }, work: { h100_seconds: units }, checkpoint: { supported: true, size_gb: 1, interval_s: 3_600, ...checkpoint },
    schedule: { hard_deadline: false, flexible: false, ...schedule }, constraints: { residency, ...(zones && { zones }) }, shed_behaviour: 'move_or_pause', retries: 1, verify: false, ...rest,
  };
  await db.inOrg(orgId, async (em) => {
    await rows(em, sql`
      insert into workloads (org_id, id, name, kind, spec, policy, state, gpus, units_total, max_moves, deadline, not_before, budget, on_exhausted, correlation_id)
      values (${orgId}, ${id}, 'ordered by a test', ${spec.kind}, ${JSON.stringify(spec)}::jsonb, ${JSON.stringify(namedPolicy(policy, { maxMoves }))}::jsonb, 'accepted', ${gpus}, ${units}, ${maxMoves},
              ${spec.schedule.deadline ?? null}, ${spec.schedule.not_before ?? null}, ${budget ? JSON.stringify(budget) : null}::jsonb, ${onExhausted}, ${id})`);
    const { refusals: refused } = await reserveBudgets(em, id, reservationFor({ usd: 1_000_000n, kwh: 1_000_000n, co2e_g: 1_000_000n }));
    if (refused.length > 0) throw new Error('a sample budget has no room');
  });
  await startWorkload(temporal, { ...LIMITS, ...limits }, { id, orgId, kind: spec.kind, gpus, correlationId: id });
  return id;
}
