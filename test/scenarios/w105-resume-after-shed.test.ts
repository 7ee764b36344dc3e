import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventClosed, gridEventView } from '#workflows/grid/event.messages';
import { connectClient, startAgent, startRuns, TEST_LIMITS } from '../support/burst.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startEventWorker, type WorkerProcess } from '../support/event-workers.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { addNodes, addOrg, addWork, addZones, closeEvent, openEvent } from '../support/zone-with-work.ts';

describe.skipIf(!inject('temporal'))('the end of a shed, and runs that never answer', () => {
  let db: FreshDatabase;
  let temporal: Client;
  let namespace = '';
  let worker: WorkerProcess;
  let org = '';
  let owner = '';

  beforeAll(async () => {
    db = await freshDatabase();
    await addZones(db);
    owner = await addOrg(db, 'owner', 'owner_datacenter');
    org = await addOrg(db, 'org-a');
    namespace = await takeNamespace();
    temporal = await connectClient(inject('temporal'), namespace);
    worker = await startEventWorker(db.url, inject('temporal'), namespace, { FR: 60 });
  });
  afterAll(async () => {
    await worker.kill();
    await temporal.connection.close();
    await db.close();
  });

  test('W-105: paused work resumes in order of deadline, at most 10 % of the zone\'s GPUs per 10 s; what the event did not pause stays', async () => {
    // Given 5 nodes of 8 GPUs in FR: 10 % are 4 GPUs; six jobs with deadlines in mixed order
    const nodes = await addNodes(db, owner, 'FR', 5);
    const hours = [30, 10, 60, 20, 50, 40];
    const ids: string[] = [];
    for (const [n, h] of hours.entries()) ids.push(await addWork(db, { orgId: org, nodeId: nodes[n % 5]!, shed: 'pause', deadline: new Date(Date.now() + h * 3_600_000).toISOString() }));
    await startRuns(temporal, { orgIds: [org], affected: ids, firm: [] });
    const { event, run } = await startAgent(temporal, await openEvent(db, 'FR', 'shed'));
    await expect.poll(async () => (await run.query(gridEventView)).counts.answers, { timeout: 20_000 }).toEqual({ paused: 6 });

    // When the call ends
    await closeEvent(db, event);
    await run.signal(eventClosed, { cause: 'call_ended' });
    expect(await run.result()).toMatchObject({ state: 'RESOLVED', cause: 'call_ended' });

    // Then they were called back nearest deadline first, four at once and two 10 s later
    const told = await query<{ workload_id: string; s: number }>(db.superuserUrl, `
      select workload_id, extract(epoch from told_over_at - min(told_over_at) over ())::float8 as s from event_affected where event_id = $1 and zone = $2 order by told_over_at`, [event.eventId, event.zone]);
    const byHours = ids.map((id, n) => ({ id, h: hours[n]! })).sort((x, y) => x.h - y.h).map(({ id }) => id);
    expect(told.map(({ workload_id }) => workload_id)).toEqual(byHours);
    for (const { s } of told.slice(0, 4)) expect(s).toBeLessThan(5);
    // In every 10 s there were at most four: the fifth came 10 s after the first, the sixth 10 s after the second
    expect(told[4]!.s - told[0]!.s).toBeGreaterThanOrEqual(10);
    expect(told[5]!.s - told[1]!.s).toBeGreaterThanOrEqual(9.99);
    expect((await query<{ state: string }>(db.superuserUrl, `select distinct state from workloads where id = any($1)`, [ids]))).toEqual([{ state: 'queued' }]);
    // Without one accepted energy report the response is unknown, never 0 (W-106)
    expect(await query(db.superuserUrl, 'select response from grid_events where id = $1 and zone = $2', [event.eventId, event.zone])).toEqual([{ response: { unknown: 'no_reports' } }]);
  }, 90_000);

  test('W-103: who does not answer is asked once more, then counts as no_answer with an alert; a run that has ended is finished', async () => {
    const [node] = await addNodes(db, owner, 'ES', 1);
    const [silent, ended] = [await addWork(db, { orgId: org, nodeId: node!, shed: 'pause' }), await addWork(db, { orgId: org, nodeId: node!, shed: 'pause' })];
    // A run that listens to nothing: no worker serves its queue
    await temporal.workflow.start('workload', { taskQueue: 'nobody-serves-this', workflowId: `workload/${silent}`, args: [{}] });
    const { event, run } = await startAgent(temporal, await openEvent(db, 'ES', 'shed'), { ...TEST_LIMITS, askAgainMs: 1_000 });
    await expect.poll(async () => (await run.query(gridEventView)).counts, { timeout: 20_000 }).toMatchObject({ affected: 2, unanswered: 0, answers: { no_answer: 1, finished: 1 } });
    const rows = await query<{ workload_id: string; answer: string; twice: boolean }>(db.superuserUrl, 'select workload_id, answer, asked_again_at is not null as twice from event_affected where event_id = $1 and zone = $2', [event.eventId, event.zone]);
    expect(new Map(rows.map(({ workload_id, answer, twice }) => [workload_id, `${answer} ${twice}`]))).toEqual(new Map([[silent, 'no_answer true'], [ended, 'finished false']]));
    expect(await query(db.superuserUrl, `select kind, severity, state from alerts where kind = 'event.no_answer'`)).toEqual([{ kind: 'event.no_answer', severity: 'critical', state: 'firing' }]);
    await closeEvent(db, event);
    await run.signal(eventClosed, { cause: 'call_ended' });
    await run.result();
    expect(await query(db.superuserUrl, `select distinct state from alerts where kind = 'event.no_answer'`)).toEqual([{ state: 'resolved' }]);
  }, 60_000);

  test('W-100: an event that outlives its run is rolled into a successor; answers carry over and the alert stays one', async () => {
    const [node] = await addNodes(db, owner, 'PT', 1);
    const work = await addWork(db, { orgId: org, nodeId: node!, shed: 'pause' });
    await startRuns(temporal, { orgIds: [org], affected: [work], firm: [] });
    const { event, run } = await startAgent(temporal, await openEvent(db, 'PT', 'shed'), { ...TEST_LIMITS, intervalMs: 500, maxLifeMs: 4_000 });
    expect(await run.result()).toMatchObject({ state: 'RESOLVED', cause: 'rolled' });
    const [successor] = await query<{ id: string; open: boolean }>(db.superuserUrl, 'select id, open from grid_events where continues = $1 and zone = $2', [event.eventId, event.zone]);
    expect(successor).toMatchObject({ open: true });
    expect(await query(db.superuserUrl, 'select workload_id, answer from event_answers where event_id = $1 and zone = $2', [successor!.id, event.zone])).toEqual([{ workload_id: work, answer: 'paused' }]);
    expect(await query(db.superuserUrl, `select state, count from alerts where kind = 'grid.shed' and zone = 'PT' and org_id = $1`, [org])).toMatchObject([{ state: 'firing' }]);
    await closeEvent(db, { zone: 'PT', eventId: successor!.id });
    const next = temporal.workflow.getHandle(`grid-event/PT/${successor!.id}`);
    await next.signal(eventClosed, { cause: 'call_ended' });
    await next.result();
    expect(await query(db.superuserUrl, `select distinct state from alerts where kind = 'grid.shed' and zone = 'PT'`)).toEqual([{ state: 'resolved' }]);
    expect(await query(db.superuserUrl, 'select state from workloads where id = $1', [work])).toEqual([{ state: 'queued' }]);
  }, 60_000);

  test('W-148: a long event goes on in a new run; nothing is asked twice, and its end is heard there', async () => {
    const [node] = await addNodes(db, owner, 'IT', 1);
    const work = await addWork(db, { orgId: org, nodeId: node!, shed: 'pause' });
    await startRuns(temporal, { orgIds: [org], affected: [work], firm: [] });
    const { event, run } = await startAgent(temporal, await openEvent(db, 'IT', 'shed'), { ...TEST_LIMITS, intervalMs: 50, historyEvents: 60 });
    const now = temporal.workflow.getHandle(run.workflowId);
    await expect.poll(async () => (await now.describe()).runId !== run.firstExecutionRunId, { timeout: 20_000 }).toBe(true);
    expect(await now.query(gridEventView)).toMatchObject({ state: 'ADAPTING', counts: { affected: 1, answers: { paused: 1 } } });
    await closeEvent(db, event);
    expect(await now.result()).toMatchObject({ state: 'RESOLVED', cause: 'call_ended', counts: { affected: 1, answers: { paused: 1 } } });
    const history = await query<{ state: string }>(db.superuserUrl, 'select state from grid_event_history where event_id = $1 and zone = $2 order by seq', [event.eventId, event.zone]);
    expect(history.map(({ state }) => state)).toEqual(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED']);
    expect(await query(db.superuserUrl, 'select count(*)::int as n from decisions where workload_id = $1', [work])).toEqual([{ n: 1 }]);
  }, 60_000);
});
