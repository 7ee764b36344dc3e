import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ZoneView } from '#domain/routing/types';
import { cancel, gridEventOpened, route } from '#workflows/workloads/workload.messages';
import { constantViews } from '../support/zone-with-work.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { SCALE, workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const HOUR_MS = 3_600_000 / SCALE; // one source hour is 6 s here
const BY = { by: 'customer' } as const;

/** FR as the only clean zone: 100 g now, `later` g from the third hour on. */
const forecast = (later: number) => async (em: Parameters<ReturnType<typeof constantViews>>[0]): Promise<ZoneView[]> => {
  const views = await constantViews({ FR: 100 })(em);
  return views.map((view) => (view.zone !== 'FR' ? view : { ...view, forecast: { ...view.forecast!, intensityMgPerKwh: Array.from({ length: 72 }, (_, h) => (h + 1 >= 3 ? later : 100) * 1_000) } }));
};

describe.skipIf(!inject('temporal'))('W-170: flexible work, 2 h long, 10 h before its deadline', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1'], views: forecast(80) });
  });
  afterAll(() => world.close());

  // The real rule subtracts 2 intervals of 60 s from the deadline; 10 source hours of this test are one wall minute, so they are added
  const flexible = (over: object = {}) => ({ units: 7_200, zones: ['FR'], policy: 'carbon' as const, schedule: { flexible: true, deadline: new Date(Date.now() + 10 * HOUR_MS + 120_000).toISOString() }, ...over });

  test('20 % better in 3 h: it waits and says until when; a worse forecast starts it at once', async () => {
    const id = await world.accept(flexible());
    const waiting = await world.reaches(id, 'waiting');
    expect(waiting.starts_by.getTime()).toBeGreaterThan(Date.now());
    expect(waiting.starts_by.getTime()).toBeLessThan(waiting.deadline.getTime());
    expect((await world.decisions(id))[0]).toMatchObject({ kind: 'wait', outcome: 'wait', reason: 'better_hour' });
    world.setViews(forecast(99));
    const worsened = Date.now();
    await world.reaches(id, 'running', 5_000);
    expect(Date.now() - worsened).toBeLessThan(400 + 2_500); // one interval of this test, and the start
    expect((await world.reaches(id, 'completed', 20_000)).deadline.getTime()).toBeGreaterThan(Date.now());
    world.setViews(forecast(80));
  });

  test('PUT …/route skips the wait and answers with the decision in force', async () => {
    const id = await world.accept(flexible());
    await world.reaches(id, 'waiting');
    const { decisionId } = await world.handle(id).executeUpdate(route, { args: [BY] });
    const row = await world.reaches(id, 'running');
    expect(row.last_decision_id).toBe(decisionId);
    expect((await world.decisions(id)).find((one) => one.id === decisionId)).toMatchObject({ kind: 'request', outcome: 'place' });
    expect(await world.handle(id).executeUpdate(route, { args: [BY] })).toEqual({ decisionId });
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });

  test('a PUT …/route that comes while an interval looks again, and would wait on, is not lost', async () => {
    const id = await world.accept(flexible());
    await world.reaches(id, 'waiting');
    const [looking, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    world.setViews(async (em) => {
      looking.resolve();
      await goOn.promise;
      return forecast(80)(em);
    });
    await looking.promise;
    const routed = await world.handle(id).startUpdate(route, { args: [BY], waitForStage: 'ACCEPTED' });
    goOn.resolve();
    const { decisionId } = await routed.result();
    expect(await world.reaches(id, 'running')).toMatchObject({ last_decision_id: decisionId });
    world.setViews(forecast(80));
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });

  test('a surplus that reserved a node for it starts it there; told twice, it starts once', async () => {
    const id = await world.accept(flexible());
    await world.reaches(id, 'waiting');
    const target = await world.reserve(id, 'fr-paris-1');
    const asked = { zone: 'FR', eventId: 'absorb-20260101T000000Z', decisionId: target.decisionId, action: 'start' as const, target: target.target };
    await world.handle(id).signal(gridEventOpened, asked);
    await world.handle(id).signal(gridEventOpened, asked);
    expect(await world.reaches(id, 'running')).toMatchObject({ segment: 1, fence: 1 });
    expect(await world.segments(id)).toHaveLength(1);
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });

  test('not before its time, and cancelled at once while it waits', async () => {
    const notBefore = Date.now() + 1_500;
    const id = await world.accept({ units: 600, zones: ['FR'], schedule: { not_before: new Date(notBefore).toISOString() } });
    const waiting = await world.reaches(id, 'waiting');
    expect(waiting.starts_by.getTime()).toBe(notBefore);
    await world.reaches(id, 'running', 6_000);
    expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
    await world.reaches(id, 'completed');
    const parked = await world.accept({ schedule: { not_before: new Date(Date.now() + 600_000).toISOString() } });
    await world.reaches(parked, 'waiting');
    expect(await world.handle(parked).executeUpdate(cancel, { args: [BY] })).toEqual({ state: 'settling', changed: true });
    expect(await world.reaches(parked, 'cancelled')).toMatchObject({ reason: 'by_customer', segment: 0 });
  });

  test('a deadline that comes before a node does: expired', async () => {
    await world.setNodeState('fr-paris-1', 'draining');
    const id = await world.accept({ units: 60, zones: ['FR'], schedule: { deadline: new Date(Date.now() + 1_200).toISOString() } });
    await world.reaches(id, 'queued');
    expect(await world.reaches(id, 'expired')).toMatchObject({ reason: 'deadline_before_start' });
    await world.setNodeState('fr-paris-1', 'online');
  });
});
