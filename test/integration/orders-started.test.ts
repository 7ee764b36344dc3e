import { WorkflowNotFoundError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { TemporalLink } from '#platform/temporal/link';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { sampleWorld, type SampleWorld } from '../support/sample-world.ts';

const order = (name: string) => ({ name, kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 }, schedule: { flexible: false } });

if (!inject('temporal')) console.warn('SKIP orders-started: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('an accepted order has a run, or will have one (W-81)', () => {
  let db: FreshDatabase;
  let world: SampleWorld;
  let gateway: TestGateway;
  let client: Client;
  /** Starts that fail, as by a network that is cut in that moment. */
  let refusals = 0;

  const failing = (link: TemporalLink): TemporalLink => {
    client = link.client;
    const { workflow } = client;
    const start = workflow.start.bind(workflow) as (type: string, options: WorkflowStartOptions) => Promise<unknown>;
    Object.assign(workflow, {
      start: (type: string, options: WorkflowStartOptions) => (type === 'workload' && refusals-- > 0 ? Promise.reject(new Error('connection lost')) : start(type, options)),
    });
    return link;
  };

  beforeAll(async () => {
    db = await freshDatabase();
    world = await sampleWorld(db);
    gateway = await startGateway(db, { TEMPORAL_NAMESPACE: await takeNamespace(), GRID_INTERVAL_S: '300' }, { temporal: failing });
  });
  afterAll(async () => {
    await gateway?.close();
    await db?.close();
  });

  const accepted = async (name: string): Promise<string> => {
    const answer = await gateway.request('POST', '/api/v1/workloads', { key: world.keys['aurora-labs']!, body: order(name) });
    expect(answer.status).toBe(202);
    return (answer.json as { id: string }).id;
  };
  const missing = (error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return 'none';
    throw error;
  };
  const runs = (id: string) => client.workflow.getHandle(`workload/${id}`).describe().then(({ status }) => status.name, missing);
  const started = (id: string) => expect.poll(() => runs(id), { timeout: 8_000, interval: 50 }).toBe('RUNNING');
  const overdue = (id: string) => query(db.superuserUrl, `update workload_directory set created_at = clock_timestamp() - interval '16 seconds' where workload_id = $1`, [id]);

  test('soon after the answer', async () => started(await accepted('one')));

  test('a start that fails holds up none behind it, and the sweep makes it good', async () => {
    refusals = 2;
    const [first, second, ...behind] = await Promise.all(Array.from({ length: 6 }, (_, n) => accepted(`burst ${n}`)));
    const all = [first!, second!, ...behind];
    await expect.poll(async () => (await Promise.all(all.map(runs))).filter((status) => status === 'RUNNING').length, { timeout: 8_000, interval: 50 }).toBe(4);
    expect(refusals).toBeLessThanOrEqual(0);
    for (const id of all) await overdue(id);
    await Promise.all(all.map(started));
  });

  test('the sweep ensures a run once: what it has seen to it does not ask for again', async () => {
    const id = await accepted('seen to');
    await started(id);
    const marked = async () => (await query<{ run_started: boolean }>(db.superuserUrl, 'select run_started from workload_directory where workload_id = $1', [id]))[0]!.run_started;
    expect(await marked()).toBe(false);
    await overdue(id);
    await expect.poll(marked, { timeout: 8_000, interval: 50 }).toBe(true);
  });
});
