import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { GRID_EVENT_LIMITS } from '#workflows/grid/event.messages';
import { type Burst, connectClient, fillDe, INTENSITY_G, shed, startRuns } from '../support/burst.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startEventWorker, type WorkerProcess } from '../support/event-workers.ts';
import { takeNamespace } from '../support/namespaces.ts';

const COUNT = 500;
const KILL_AT = [100, 250, 499];

describe.skipIf(!inject('temporal'))('W-162: both workers are killed in the middle of a shed of 500', () => {
  let db: FreshDatabase;
  let temporal: Client;
  let namespace = '';
  let workers: WorkerProcess[] = [];
  let burst: Burst;

  const startBoth = async () => void (workers = await Promise.all([1, 2].map(() => startEventWorker(db.url, inject('temporal'), namespace, INTENSITY_G))));
  const killBoth = () => Promise.all(workers.map((worker) => worker.kill()));

  beforeAll(async () => {
    db = await freshDatabase();
    burst = await fillDe(db, COUNT, 0);
    namespace = await takeNamespace();
    temporal = await connectClient(inject('temporal'), namespace);
    await startBoth();
    await startRuns(temporal, burst);
  });
  afterAll(async () => {
    await killBoth();
    await temporal.connection.close();
    await db.close();
  });

  test('after recovery the counts are the same and nothing moved twice', async () => {
    const answered = async () => (await query<{ n: number }>(db.superuserUrl, 'select count(*)::int as n from event_affected where answer is not null'))[0]!.n;
    // Nobody is given up while no worker is there to hear an answer
    await shed(db, temporal, { ...GRID_EVENT_LIMITS, intervalMs: 60_000, askAgainMs: 120_000 });
    for (const at of KILL_AT) {
      // When both are killed at this answer, and come back
      await expect.poll(answered, { timeout: 90_000, interval: 20 }).toBeGreaterThanOrEqual(at);
      await killBoth();
      await startBoth();
    }
    await expect.poll(answered, { timeout: 90_000, interval: 100 }).toBe(COUNT);

    // Then: 40 GPUs were free in FR, so 40 moved once, 460 paused, and each was decided once
    const [found] = await query(db.superuserUrl, `
      select (select count(*)::int from decisions) as decisions, (select count(distinct workload_id)::int from decisions) as decided,
             (select count(*)::int from event_answers where answer = 'moved') as moved, (select count(*)::int from event_answers where answer = 'paused') as paused,
             (select max(moves_used)::int from workloads) as most_moves, (select max(segment)::int from segments) as last_segment,
             (select count(*)::int from nodes n where n.gpus_reserved > n.gpus or n.gpus_reserved <> (select coalesce(sum(gpus), 0) from reservations r where r.node_id = n.id)) as wrong_nodes`);
    expect(found).toEqual({ decisions: COUNT, decided: COUNT, moved: 40, paused: 460, most_moves: 1, last_segment: 2, wrong_nodes: 0 });
  }, 300_000);
});
