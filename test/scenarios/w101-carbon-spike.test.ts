import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { EventRef } from '#workflows/workloads/workload.messages';
import { eventClosed, eventConfirmed, gridEventView, gridEventWorkflowId } from '#workflows/grid/event.messages';
import { allAnswers, ownAnswers } from '#platform/events/answers';
import { connectClient, startAgent, startRuns, TEST_LIMITS } from '../support/burst.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startEventWorker, type WorkerProcess } from '../support/event-workers.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { addNodes, addOrg, addWork, addZones, closeEvent, openEvent } from '../support/zone-with-work.ts';

/** FR is ten times as dirty as usual; PT is the cleanest place left. */
const INTENSITY_G = { FR: 600, PT: 60 };

describe.skipIf(!inject('temporal'))('W-101: carbon-spike', () => {
  let db: FreshDatabase;
  let temporal: Client;
  let namespace = '';
  let worker: WorkerProcess;
  let [a, b, owner] = ['', '', ''];
  let fr = '';

  beforeAll(async () => {
    db = await freshDatabase();
    await addZones(db);
    owner = await addOrg(db, 'owner', 'owner_datacenter');
    [a, b] = [await addOrg(db, 'org-a'), await addOrg(db, 'org-b')];
    [fr] = (await addNodes(db, owner, 'FR', 1)) as [string];
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

  const states = ({ zone, eventId }: EventRef) => query<{ state: string; cause: string }>(db.superuserUrl, 'select state, cause from grid_event_history where zone = $1 and event_id = $2 order by seq', [zone, eventId]);

  test('each job in the zone decides by W-69: who gains moves once, who is bound to the zone keeps, and only its owner sees which', async () => {
    // Given a job of A that may go anywhere, one of B that may not leave FR, one of B that runs elsewhere
    const mover = await addWork(db, { orgId: a, nodeId: fr, policy: 'carbon' });
    const bound = await addWork(db, { orgId: b, nodeId: fr, policy: 'carbon', zones: ['FR'] });
    await startRuns(temporal, { orgIds: [a, b], affected: [mover, bound], firm: [] });

    // When the spike opens
    const { event, run } = await startAgent(temporal, await openEvent(db, 'FR', 'carbon-spike'));
    await expect.poll(async () => (await run.query(gridEventView)).counts, { timeout: 20_000 }).toMatchObject({ affected: 2, unanswered: 0, answers: { moved: 1, kept: 1 } });

    // Then A's job has moved once, by the decision that its answer names
    const answers = await db.inOrg(a, (em) => ownAnswers(em, event.zone, event.eventId));
    expect(answers).toMatchObject([{ workload_id: mover, answer: 'moved' }]);
    const [decision] = await query<{ winner: { zone: string }; outcome: string; kind: string }>(db.superuserUrl, `select body -> 'winner' as winner, outcome, kind from decisions where id = $1`, [answers[0]!.decision_id]);
    expect(decision).toMatchObject({ winner: { zone: 'PT' }, outcome: 'move', kind: 'event' });
    expect(await query(db.superuserUrl, 'select zone, segment, moves_used from workloads where id = $1', [mover])).toEqual([{ zone: 'PT', segment: 2, moves_used: 1 }]);

    // And B, who kept with a reason, sees nothing of A (W-180); the operator sees both
    expect(await db.inOrg(b, (em) => ownAnswers(em, event.zone, event.eventId))).toMatchObject([{ workload_id: bound, answer: 'kept', reason: 'no_candidate' }]);
    expect((await db.inSystem((em) => allAnswers(em, event.zone, event.eventId))).map(({ workload_id }) => workload_id).sort()).toEqual([mover, bound].sort());

    // And everybody's stream tells states and counts, no workload
    const told = await query<{ data: object }>(db.superuserUrl, `select data from public_stream_events where name = 'grid.event'`);
    expect(told.map(({ data }) => (data as { state: string }).state)).toEqual(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING']);
    for (const id of [mover, bound, a, b]) expect(JSON.stringify(told)).not.toContain(id);

    // When it is over, the history has the whole story
    await closeEvent(db, event);
    await run.signal(eventClosed, { cause: 'condition_over' });
    expect(await run.result()).toMatchObject({ state: 'RESOLVED', cause: 'condition_over' });
    expect((await states(event)).map(({ state }) => state)).toEqual(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED']);
  }, 60_000);

  test('a condition that fades before it counts signals nobody (W-99)', async () => {
    const work = await addWork(db, { orgId: a, nodeId: fr, policy: 'carbon' });
    const event = await openEvent(db, 'FR', 'carbon-spike');
    const run = await temporal.workflow.start('gridEvent', { taskQueue: 'workloads', workflowId: gridEventWorkflowId(event.zone, event.eventId), args: [{ ...event, limits: TEST_LIMITS, awaitsConfirmation: true }] });
    await expect.poll(() => states(event)).toEqual([{ state: 'MONITORING', cause: 'condition_seen' }]);
    await closeEvent(db, event);
    await run.signal(eventClosed, { cause: 'not_confirmed' });
    await run.result();
    expect(await states(event)).toEqual([{ state: 'MONITORING', cause: 'condition_seen' }, { state: 'RESOLVED', cause: 'not_confirmed' }]);
    expect(await query(db.superuserUrl, 'select from event_affected where workload_id = $1', [work])).toEqual([]);
    expect(await query(db.superuserUrl, `select from alerts where subject = $1`, [event.eventId])).toEqual([]);
  }, 30_000);

  test('a confirmed one goes on, and a run that is told of its end only by the row sees it at its next look', async () => {
    const event = await openEvent(db, 'ES', 'carbon-spike');
    const run = await temporal.workflow.start('gridEvent', { taskQueue: 'workloads', workflowId: gridEventWorkflowId(event.zone, event.eventId), args: [{ ...event, limits: { ...TEST_LIMITS, intervalMs: 500 }, awaitsConfirmation: true }] });
    await run.signal(eventConfirmed);
    await expect.poll(async () => (await states(event)).at(-1)?.state, { timeout: 10_000 }).toBe('ADAPTING');
    await closeEvent(db, event);
    expect(await run.result()).toMatchObject({ state: 'RESOLVED', cause: 'call_ended', counts: { affected: 0 } });
  }, 30_000);
});
