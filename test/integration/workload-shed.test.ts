import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Redecided } from '#activities/workloads/redecide';
import { rows } from '#platform/db/in-org';
import { gridEventOpened } from '#workflows/workloads/workload.messages';
import { query } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

describe.skipIf(!inject('temporal'))('a move for a grid event that its target does not start (W-75)', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1', 'pt-sines-1'], intensityG: { FR: 60, PT: 160 } });
  });
  afterAll(() => world.close());

  /** Running in FR, with a target reserved in PT whose node refuses it; told of the event. */
  async function moveThatFails(eventId: string): Promise<string> {
    const id = await world.accept({ units: 30_000 });
    await world.reaches(id, 'running');
    await world.db.inSystem((em) => rows(em, sql`
      insert into event_affected (zone, event_id, workload_id, org_id, power_w, gpus) values ('FR', ${eventId}, ${id}, ${world.orgId}, 800, 1)`));
    world.node('pt-sines-1').refuse('owner_in_use');
    const decided = (await world.activities.decideReroute({ orgId: world.orgId, workloadId: id, mode: 'force' })) as Exclude<Redecided, { refused: unknown }>;
    expect(decided).toMatchObject({ action: 'move', target: { zone: 'PT' } });
    await world.handle(id).signal(gridEventOpened, { zone: 'FR', eventId, ...decided });
    return id;
  }
  const answer = async (id: string) => (await query<{ answer: string | null }>(world.db.superuserUrl, 'select answer from event_affected where workload_id = $1', [id]))[0]!.answer;
  const heldOn = (id: string) => query(world.db.superuserUrl, 'select n.slug from reservations r join nodes n on n.id = r.node_id where workload_id = $1', [id]);

  test('W-74, W-101: for a shed it pauses instead, and nothing of it draws power or holds GPUs any more', async () => {
    const id = await moveThatFails('shed-20260101T000000Z');
    await expect.poll(() => answer(id), { timeout: 15_000 }).toBe('paused');
    expect(await world.row(id)).toMatchObject({ state: 'paused', reason: 'shed', node: null, moves_used: 0 });
    expect((await world.segments(id)).map(({ node, end_reason }) => [node, end_reason])).toEqual([['fr-paris-1', 'paused'], ['pt-sines-1', 'not_started']]);
    expect(await heldOn(id)).toEqual([]);
  });

  test('for a spike it goes on where it is: nothing forces it to leave', async () => {
    const id = await moveThatFails('carbon-spike-20260101T000000Z');
    await expect.poll(() => answer(id), { timeout: 15_000 }).toBe('kept');
    expect(await world.row(id)).toMatchObject({ state: 'running', node: 'fr-paris-1' });
    expect(await heldOn(id)).toEqual([{ slug: 'fr-paris-1' }]);
  });
});
