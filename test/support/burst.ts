import { Client, Connection } from '@temporalio/client';
import { GRID_EVENT_LIMITS, gridEventWorkflowId, type GridEventLimits } from '#workflows/grid/event.messages';
import { workloadWorkflowId } from '#workflows/workloads/workload.messages';
import type { EventView } from '#workflows/grid/event.state';
import type { Database } from '#platform/db/in-org';
import { addNodes, addOrg, addZones, insertWork, openEvent } from './zone-with-work.ts';

/** DE sheds; FR is the cleanest with a few free GPUs, so some move there and the rest pauses. */
export const INTENSITY_G = { FR: 60, DE: 400, ES: 170, PT: 160 } as const;
export const TEST_LIMITS: GridEventLimits = { ...GRID_EVENT_LIMITS, intervalMs: 60_000 };

export interface Burst {
  readonly orgIds: readonly string[];
  readonly affected: readonly string[];
  /** `continue`: firm load that stays. */
  readonly firm: readonly string[];
}

/** `count` running workloads in DE and `firm` ones that continue, of three organisations, with 40 free GPUs in FR. */
export async function fillDe(database: Database, count: number, firm: number): Promise<Burst> {
  await addZones(database);
  const owner = await addOrg(database, 'owner-of-nodes', 'owner_datacenter');
  await addOrg(database, 'platform', 'platform');
  const orgIds = [await addOrg(database, 'customer-a'), await addOrg(database, 'customer-b'), await addOrg(database, 'customer-c')];
  await addNodes(database, owner, 'FR', 5);
  const nodes = await addNodes(database, owner, 'DE', Math.ceil((count + firm) / 8));
  const ids: string[] = [];
  for (let from = 0; from < count + firm; from += 100)
    await database.inSystem(async (em, actAs) => {
      for (let n = from; n < Math.min(from + 100, count + firm); n += 1) {
        const orgId = orgIds[n % orgIds.length]!;
        await actAs(orgId);
        ids.push(await insertWork(em, { orgId, nodeId: nodes[Math.floor(n / 8)]!, shed: n < count ? 'move_or_pause' : 'continue', powerW: 700 + (n % 50) }));
      }
    });
  return { orgIds, affected: ids.slice(0, count), firm: ids.slice(count) };
}

export const connectClient = async (address: string, namespace: string): Promise<Client> => new Client({ connection: await Connection.connect({ address }), namespace });

/** The runs that answer; their order of organisations is the one of `fillDe`. Returns when each of them has begun and waits. */
export async function startRuns(temporal: Client, { orgIds, affected, firm }: Burst): Promise<void> {
  const ids = [...affected, ...firm];
  for (let from = 0; from < ids.length; from += 50)
    await Promise.all(ids.slice(from, from + 50).map(async (workloadId, i) => {
      const run = await temporal.workflow.start('workload', { taskQueue: 'workloads', workflowId: workloadWorkflowId(workloadId), args: [{ orgId: orgIds[(from + i) % orgIds.length]!, workloadId }] });
      // Started, task scheduled, begun and done: four events.
      while ((await run.describe()).historyLength < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    }));
}

export async function shed(database: Database, temporal: Client, limits: GridEventLimits = TEST_LIMITS) {
  const event = await openEvent(database, 'DE', 'shed', { target_percent: 100 });
  return startAgent(temporal, event, limits);
}

export async function startAgent(temporal: Client, event: { zone: string; eventId: string }, limits: GridEventLimits = TEST_LIMITS) {
  const run = await temporal.workflow.start<(input: object) => Promise<EventView>>('gridEvent', {
    taskQueue: 'workloads', workflowId: gridEventWorkflowId(event.zone, event.eventId), args: [{ ...event, limits }],
  });
  return { event, run };
}
