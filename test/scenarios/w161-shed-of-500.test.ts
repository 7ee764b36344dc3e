import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventClosed } from '#workflows/grid/event.messages';
import { type Burst, connectClient, fillDe, INTENSITY_G, shed, startRuns } from '../support/burst.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startEventWorker, type WorkerProcess } from '../support/event-workers.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { closeEvent } from '../support/zone-with-work.ts';

const COUNT = 500;
const FIRM = 12;

describe.skipIf(!inject('temporal'))('W-161: 500 running workloads in DE, a shed of 100 %', () => {
  let db: FreshDatabase;
  let temporal: Client;
  let namespace = '';
  let worker: WorkerProcess;
  let burst: Burst;

  beforeAll(async () => {
    db = await freshDatabase();
    burst = await fillDe(db, COUNT, FIRM);
    namespace = await takeNamespace();
    temporal = await connectClient(inject('temporal'), namespace);
    worker = await startEventWorker(db.url, inject('temporal'), namespace, INTENSITY_G);
    await startRuns(temporal, burst);
  }, 180_000);
  afterAll(async () => {
    await worker.kill();
    await temporal.connection.close();
    await db.close();
  });

  test('500 answers and 500 decisions, none twice, only firm load stays, p99 below 5 s, GPUs never exceeded', async () => {
    // When a shed of 100 % opens
    const { event, run } = await shed(db, temporal);
    let most = 0;
    await expect.poll(async () => {
      const [row] = await query<{ over: number; answered: number }>(db.superuserUrl, `
        select (select count(*)::int from nodes n where n.gpus_reserved > n.gpus or n.gpus_reserved <> (select coalesce(sum(gpus), 0) from reservations r where r.node_id = n.id)) as over,
               (select count(*)::int from event_affected where answer is not null) as answered`);
      most = Math.max(most, row!.over);
      return row!.answered;
    }, { timeout: 90_000, interval: 100 }).toBe(COUNT);

    // Then each of the 500 has one decision and one answer
    const decisions = await query<{ workload_id: string }>(db.superuserUrl, 'select workload_id from decisions where event_id = $1', [event.eventId]);
    expect(decisions.map(({ workload_id }) => workload_id).sort()).toEqual([...burst.affected].sort());
    const answers = await query<{ workload_id: string; answer: string }>(db.superuserUrl, 'select workload_id, answer from event_answers');
    expect(answers.map(({ workload_id }) => workload_id).sort()).toEqual([...burst.affected].sort());
    // 5 nodes × 8 GPUs in FR: 40 move, the other 460 pause
    const count = (answer: string) => answers.filter((row) => row.answer === answer).length;
    expect([count('moved'), count('paused')]).toEqual([40, 460]);
    expect(most).toBe(0);

    // And only firm load is left running in DE
    const left = await query<{ id: string }>(db.superuserUrl, `select id from workloads where zone = 'DE' and state = 'running'`);
    expect(left.map(({ id }) => id).sort()).toEqual([...burst.firm].sort());
    const [time] = await query<{ p99_ms: number }>(db.superuserUrl, `
      select (percentile_cont(0.99) within group (order by extract(epoch from d.decided_at - e.start_at)) * 1000)::float8 as p99_ms
        from decisions d join grid_events e on e.id = d.event_id`);
    expect(time!.p99_ms).toBeLessThan(5_000);

    // And each organisation concerned, the owner and the operator have one alert
    const alerts = await query<{ slug: string; state: string }>(db.superuserUrl, `select o.slug, a.state from alerts a join organizations o using (org_id) where a.kind = 'grid.shed' order by 1`);
    expect(alerts).toEqual(['customer-a', 'customer-b', 'customer-c', 'owner-of-nodes', 'platform'].map((slug) => ({ slug, state: 'firing' })));

    // When it ends, all are told, and the history says what happened
    await query(db.superuserUrl, `update nodes set state = 'offline' where zone = 'DE'`);
    await query(db.superuserUrl, `update event_affected set told_over_at = clock_timestamp() where answer = 'paused'`);
    await closeEvent(db, event);
    await run.signal(eventClosed, { cause: 'call_ended' });
    const view = await run.result();
    expect(view).toMatchObject({ state: 'RESOLVED', cause: 'call_ended', counts: { affected: COUNT, unanswered: 0, answers: { moved: 40, paused: 460 } } });
    const history = await query<{ state: string }>(db.superuserUrl, 'select state from grid_event_history order by seq');
    expect(history.map(({ state }) => state)).toEqual(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED']);
    expect(await query(db.superuserUrl, `select distinct state from alerts`)).toEqual([{ state: 'resolved' }]);
  }, 180_000);
});
