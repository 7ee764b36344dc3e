import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { raiseAlert } from '#platform/alerts/raise';
import { rows } from '#platform/db/in-org';
import { recordAnswer } from '#platform/events/record-answer';
import { append } from '#platform/stream/append';
import { uuidv7 } from '#platform/ids/uuidv7';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';
import { addNodes, addWork, addZones, openEvent } from '../support/zone-with-work.ts';

// W-180: GIVEN two organisations WHEN one tries every id of an event of the other THEN it sees neither workloads, decisions, answers nor alerts.
describe('W-180: an event that concerns two organisations', () => {
  let db: FreshDatabase;
  let gateway: TestGateway;
  let [a, b, operator] = [] as unknown as [TestOrganization, TestOrganization, TestOrganization];
  let event = { zone: '', eventId: '' };
  const of: Record<string, { workload: string; decision: string; alert: string }> = {};

  beforeAll(async () => {
    db = await freshDatabase();
    await addZones(db);
    [a, b] = [await addOrganization(db, 'org-a'), await addOrganization(db, 'org-b')];
    operator = await addOrganization(db, 'platform', { kind: 'platform' });
    const [node] = await addNodes(db, operator.id, 'FR', 1);
    event = await openEvent(db, 'FR', 'shed');
    for (const org of [a, b]) {
      const workload = await addWork(db, { orgId: org.id, nodeId: node! });
      const decision = uuidv7();
      await db.inOrg(org.id, async (em) => {
        await rows(em, sql`insert into decisions (org_id, id, workload_id, kind, outcome, reason, event_zone, event_id, body) values (${org.id}, ${decision}, ${workload}, 'event', 'pause', 'shed', 'FR', ${event.eventId}, ${JSON.stringify({ id: decision, workload_id: workload })}::jsonb)`);
        await rows(em, sql`insert into event_affected (zone, event_id, workload_id, org_id, power_w, decision_id, action) values ('FR', ${event.eventId}, ${workload}, ${org.id}, 812, ${decision}, 'pause')`);
        expect(await recordAnswer(em, { ...event, workloadId: workload, orgId: org.id, answer: 'paused', reason: 'shed', decisionId: decision, kwAfter: 0 })).toBe(true);
        await raiseAlert(em, org.id, { kind: 'grid.shed', title: 'FR must shed load', body: 'b', zone: 'FR', subject: event.eventId, dedupKey: 'grid-event/FR/shed' });
        await append(em, org.id, 'workload.state', { workload_id: workload, state: 'paused' }, workload);
      });
      const [alert] = await query<{ id: string }>(db.superuserUrl, 'select id from alerts where org_id = $1', [org.id]);
      of[org.slug] = { workload, decision, alert: alert!.id };
    }
    gateway = await startGateway(db);
  });
  afterAll(async () => {
    await gateway.close();
    await db.close();
  });

  const get = (org: TestOrganization, path: string) => gateway.request('GET', path, { key: org.key });

  test.each(['org-a', 'org-b'])('%s sees its own answer with decision and kW, and none of the other', async (slug) => {
    const [own, other] = slug === 'org-a' ? [a, b] : [b, a];
    const { json, text } = await get(own, `/api/v1/grid-events/FR/${event.eventId}`);
    expect(json.answers).toMatchObject([{ workload_id: of[own.slug]!.workload, answer: 'paused', reason: 'shed', decision_id: of[own.slug]!.decision, kw_before: '0.812', kw_after: '0.000' }]);
    for (const secret of [...Object.values(of[other.slug]!), other.id, other.slug]) expect(text).not.toContain(secret);
    const { text: list } = await get(own, '/api/v1/grid-events?zone=FR');
    for (const secret of [...Object.values(of[other.slug]!), ...Object.values(of[own.slug]!)]) expect(list).not.toContain(secret);
  });

  test('the operator sees both answers', async () => {
    const { json } = await get(operator, `/api/v1/grid-events/FR/${event.eventId}`);
    expect(json.answers.map((one: { workload_id: string }) => one.workload_id).sort()).toEqual([of['org-a']!.workload, of['org-b']!.workload].sort());
  });

  test('every id of the other is as absent as one that never was', async () => {
    const [workload, decision, alert] = [uuidv7(), uuidv7(), uuidv7()];
    const body = ({ status, json }: { status: number; json: { code: string; detail: string } }) => [status, json.code, json.detail];
    for (const [theirs, nobodys] of [[`/api/v1/workloads/${of['org-a']!.workload}`, `/api/v1/workloads/${workload}`], [`/api/v1/decisions/${of['org-a']!.decision}`, `/api/v1/decisions/${decision}`]])
      expect(body(await get(b, theirs!))).toEqual(body(await get(b, nobodys!)));
    const acknowledge = (id: string) => gateway.request('POST', `/api/v1/alerts/${id}/acknowledge`, { key: b.key, body: {} });
    expect(body(await acknowledge(of['org-a']!.alert))).toEqual(body(await acknowledge(alert)));
    expect(await query(db.superuserUrl, `select distinct state from alerts`)).toEqual([{ state: 'firing' }]);
  });

  test('an answer is written once, is never another organisation\'s to give, and a real one replaces no_answer', async () => {
    const work = of['org-a']!.workload;
    const answer = (org: TestOrganization, workloadId: string, what: 'kept' | 'moved' | 'no_answer') =>
      db.inOrg(org.id, (em) => recordAnswer(em, { ...event, workloadId, orgId: org.id, answer: what, reason: 'again', decisionId: null, kwAfter: null }));
    expect(await answer(a, work, 'kept')).toBe(false);
    expect(await answer(b, work, 'kept')).toBe(false);
    expect(await query(db.superuserUrl, 'select answer from event_answers where workload_id = $1', [work])).toEqual([{ answer: 'paused' }]);
    const silent = uuidv7();
    expect(await answer(a, silent, 'moved')).toBe(false);
    await query(db.superuserUrl, `insert into event_affected (zone, event_id, workload_id, org_id) values ('FR', $1, $2, $3)`, [event.eventId, silent, a.id]);
    expect([await answer(a, silent, 'no_answer'), await answer(a, silent, 'no_answer'), await answer(a, silent, 'moved'), await answer(a, silent, 'kept')]).toEqual([true, false, true, false]);
    expect(await query(db.superuserUrl, 'select answer from event_answers where workload_id = $1', [silent])).toEqual([{ answer: 'moved' }]);
  });
});
