import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { gridEventView } from '#workflows/grid/event.messages';
import { connectClient, startAgent, startRuns } from '../support/burst.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startEventWorker, type WorkerProcess } from '../support/event-workers.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { addNodes, addOrg, addWork, addZones, openEvent } from '../support/zone-with-work.ts';

/** FR has a surplus; PT is cleaner still, so work that only looks at grams would rather be there. */
const INTENSITY_G = { FR: 60, PT: 50, DE: 400 };

describe.skipIf(!inject('temporal'))('W-101: surplus power in FR', () => {
  let db: FreshDatabase;
  let temporal: Client;
  let namespace = '';
  let worker: WorkerProcess;
  let org = '';

  beforeAll(async () => {
    db = await freshDatabase();
    await addZones(db);
    const owner = await addOrg(db, 'owner', 'owner_datacenter');
    org = await addOrg(db, 'org-a');
    await addNodes(db, owner, 'FR', 1);
    await addNodes(db, owner, 'PT', 1);
    namespace = await takeNamespace();
    temporal = await connectClient(inject('temporal'), namespace);
    worker = await startEventWorker(db.url, inject('temporal'), namespace, INTENSITY_G);
  });
  afterAll(async () => {
    await worker.kill();
    await temporal.connection.close();
    await db.close();
  });

  test('waiting work that may run there starts there, up to the free GPUs; the nearest deadline first; who may not is not asked', async () => {
    // Given 8 free GPUs in FR, ten that wait with deadlines, one that may only run in DE, one that is paused
    const deadline = (n: number) => new Date(Date.now() + (48 + n) * 3_600_000).toISOString();
    const waiting: string[] = [];
    for (let n = 0; n < 10; n += 1) waiting.push(await addWork(db, { orgId: org, state: n % 2 ? 'waiting' : 'queued', deadline: deadline(n) }));
    const elsewhere = await addWork(db, { orgId: org, state: 'waiting', zones: ['DE'], deadline: deadline(0) });
    const paused = await addWork(db, { orgId: org, state: 'paused' });
    await startRuns(temporal, { orgIds: [org], affected: [...waiting, elsewhere, paused], firm: [] });

    // When the surplus opens
    const { event, run } = await startAgent(temporal, await openEvent(db, 'FR', 'absorb'));
    await expect.poll(async () => run.query(gridEventView), { timeout: 20_000 }).toMatchObject({ state: 'ADAPTING', counts: { affected: 8, unanswered: 0, answers: { started: 8 } } });

    // Then the eight with the nearest deadlines run in FR, each answer with its decision
    const started = await query<{ workload_id: string; zone: string; winner: string }>(db.superuserUrl, `
      select a.workload_id, w.zone, d.body -> 'winner' ->> 'zone' as winner from event_answers a join workloads w on w.id = a.workload_id join decisions d on d.id = a.decision_id where a.event_id = $1 and a.zone = $2`, [event.eventId, event.zone]);
    expect(started.map(({ workload_id }) => workload_id).sort()).toEqual(waiting.slice(0, 8).sort());
    expect(new Set(started.flatMap(({ zone, winner }) => [zone, winner]))).toEqual(new Set(['FR']));
    expect(await query(db.superuserUrl, `select state from workloads where id = any($1) order by state`, [[elsewhere, paused]])).toEqual([{ state: 'paused' }, { state: 'waiting' }]);
    await run.terminate();
  }, 60_000);
});
