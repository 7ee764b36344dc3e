import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { startGridZones } from '#activities/grid/zone-runs';
import type { Pace } from '#activities/workloads/deps';
import { keyRingOf } from '#platform/config/key-ring';
import { seed } from '#platform/db/seed';
import { SAMPLE_NODES, SAMPLE_ORGANISATIONS } from '#platform/db/sample-organisations';
import { seedSignals } from '#platform/grid/seed-signals';
import { makeApiKey } from '#platform/identity/api-key';
import { AddressGuard } from '#platform/nodes/address-guard';
import { AgentClient } from '#platform/nodes/agent-client';
import { AgentDirectory } from '#platform/nodes/agent-directory';
import { FleetWatch } from '#platform/nodes/fleet-watch';
import { NodeAgents } from '#platform/nodes/node-agents';
import { silentLogger } from '#platform/telemetry/logger';
import { createDataConverter } from '#platform/temporal/data-converter';
import { Agent } from '../../apps/node-agent/src/agent.ts';
import { simulatedInventory } from '../../apps/node-agent/src/machine/simulated-inventory.ts';
import { SimulatedMachine } from '../../apps/node-agent/src/machine/simulated-machine.ts';
import { activitiesOf } from '../../apps/worker/src/activities.ts';
import { createWakeWorkloads } from '../../apps/worker/src/wake-workloads.ts';
import { createWorkers } from '../../apps/worker/src/workers.ts';
import { freshDatabase, query, type FreshDatabase } from './database.ts';
import { startGateway, testConfig, type Answer, type TestGateway } from './gateway.ts';
import { modelGrid } from './model-grid.ts';
import { takeNamespace } from './namespaces.ts';
import { freePort } from './ports.ts';
import { useRuntime } from './runtime.ts';

export interface SystemOptions {
  /** Slugs of the sample nodes that take part; default all of the EU's datacentres. */
  readonly nodes?: readonly string[];
  /** Wall seconds of a grid interval; node time runs as fast (W-27). */
  readonly intervalS?: number;
  readonly pace?: Partial<Pace>;
}

/** The whole product in this process: gateway, workers, simulated nodes; a database and a namespace of its own. */
export interface System {
  readonly database: FreshDatabase;
  readonly gateway: TestGateway;
  readonly temporal: Client;
  readonly keys: Readonly<Record<string, string>>;
  readonly orgs: Readonly<Record<string, string>>;
  as(slug: string): (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  /** Ends a node's agent as a crash would: nothing is saved or said. */
  agentOf(slug: string): Agent;
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
  close(): Promise<void>;
}

const EU = ['fr-paris-1', 'de-frankfurt-1', 'es-madrid-1', 'pt-sines-1', 'nl-amsterdam-1', 'be-brussels-1', 'it-milan-1'];

export async function startSystem({ nodes = EU, intervalS = 60, pace }: SystemOptions = {}): Promise<System> {
  useRuntime();
  const [database, namespace, folder] = [await freshDatabase(), await takeNamespace(), mkdtempSync(join(tmpdir(), 'wattbook-system-'))];
  const keys = Object.fromEntries(SAMPLE_ORGANISATIONS.map(({ slug }) => [slug, makeApiKey('wb_test_')]));
  const enrolments = Object.fromEntries(nodes.map((slug) => [slug, `enrol-${slug}-${Math.random().toString(36).slice(2)}`]));
  await seed(database, { apiKeys: keys, enrolments, gridSources: () => ['simulated'] });
  const sources = await modelGrid(intervalS);
  await seedSignals(database, sources);

  const env = { TEMPORAL_NAMESPACE: namespace, GRID_INTERVAL_S: String(intervalS) };
  const config = testConfig(database.url, env);
  const dataConverter = createDataConverter(keyRingOf(config.payloadKeys), namespace);
  const gateway = await startGateway(database, env);
  const temporal = new Client({ connection: await Connection.connect({ address: inject('temporal') }), namespace, dataConverter });
  const connection = await NativeConnection.connect({ address: inject('temporal') });
  const nodeAgents = new NodeAgents(new AgentDirectory(database, keyRingOf(config.masterKeys)), new AgentClient(new AddressGuard(['127.0.0.0/8'], false)));

  let workers: Worker[] = [];
  let running: Promise<unknown> = Promise.resolve();
  let stopping = new AbortController();
  const startWorkers = async (): Promise<void> => {
    stopping = new AbortController();
    workers = await createWorkers({
      connection, namespace, dataConverter, maxCachedWorkflows: 500,
      activities: activitiesOf({ database, temporal, agents: nodeAgents, sources, nodeSecondsPerSecond: 3_600 / intervalS, codeVersion: 'test', stopping: stopping.signal, ...(pace && { pace }) }, ['workloads', 'grid']),
    });
    running = Promise.all(workers.map((worker) => worker.run()));
    await startGridZones(database, temporal);
  };
  const stopWorkers = async (): Promise<void> => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    stopping.abort();
    await running;
  };
  await startWorkers();
  const fleet = new FleetWatch({ database, agents: nodeAgents, log: silentLogger, onChange: createWakeWorkloads(database, temporal) });
  fleet.start();
  const agents = new Map(await Promise.all(nodes.map(async (slug) => [slug, await startAgent(slug, gateway.url, enrolments[slug]!, join(folder, slug), 3_600 / intervalS)] as const)));
  await onlineAll(database, nodes);

  return {
    database, gateway, temporal, keys, stopWorkers, startWorkers,
    orgs: Object.fromEntries(SAMPLE_ORGANISATIONS.map(({ slug, id }) => [slug, id])),
    as: (slug) => (method, path, body, headers) => gateway.request(method, path, { key: keys[slug]!, body, ...(headers && { headers }) }),
    agentOf: (slug) => agents.get(slug)!,
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.close()));
      await fleet.close();
      await stopWorkers();
      await gateway.close();
      await nodeAgents.close();
      await Promise.all([connection.close(), temporal.connection.close()]);
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startAgent(slug: string, gatewayUrl: string, enrolmentToken: string, dataDir: string, timeScale: number): Promise<Agent> {
  const { inventory, speedE3 } = simulatedInventory(slug, timeScale);
  const port = await freePort();
  const agent = new Agent({
    mode: 'test', dataDir, gatewayUrl, enrolmentToken, address: `http://127.0.0.1:${port}`, host: '127.0.0.1', port, reportS: 2, log: silentLogger as never,
    makeMachine: (onChange) => new SimulatedMachine({ inventory, slug, speedE3, reportS: 2, onChange }),
  });
  await agent.start();
  return agent;
}

async function onlineAll(database: FreshDatabase, nodes: readonly string[]): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    const rows = await query<{ slug: string; state: string }>(database.superuserUrl, 'select slug, state from nodes where slug = any($1)', [nodes]);
    if (rows.every(({ state }) => state === 'online')) return;
    if (Date.now() > until) throw new Error(`nodes did not come online: ${rows.map(({ slug, state }) => `${slug} ${state}`).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** All nodes that the sample fleet has; a file that wants them pays their start. */
export const ALL_NODES = SAMPLE_NODES.map(({ slug }) => slug);
