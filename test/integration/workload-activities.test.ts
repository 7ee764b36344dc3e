import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createWorkloadActivities } from '#activities/workloads/workloads.activities';
import { releaseExpired } from '#activities/workloads/reservations.sql';
import { namedPolicy } from '#domain/routing/policy';
import { reserveBudgets } from '#platform/budgets/reserve';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { NodeCallError } from '#platform/nodes/agent-client';
import type { AgentJob } from '#platform/nodes/agent-answers';
import type { TargetSegment } from '#workflows/workloads/workload.messages';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { sampleWorld } from '../support/sample-world.ts';
import { constantViews } from '../support/zone-with-work.ts';

const LIMITS = { intervalMs: 60_000, startTimeoutMs: 400, settleTimeoutMs: 0, pausedTooLongMs: 1e9, maxLifetimeMs: 1e9 };

/** A node that says what a test wants it to: the activities' own behaviour, call by call. */
class ScriptedNode {
  readonly calls: string[] = [];
  job: Partial<AgentJob> | 'gone' | 'away' = 'gone';
  refusesPut: 'no_capacity' | 'owner_in_use' | null = null;

  putJob = async (_node: string, jobId: string, body: { fence: number }) => {
    this.calls.push(`PUT ${jobId} fence ${body.fence}`);
    if (this.job === 'away') throw new NodeCallError('node_unreachable', _node, 'away');
    if (this.refusesPut) return { ok: false as const, code: this.refusesPut, detail: '' };
    this.job = { state: 'running', units_done: 0 };
    return { ok: true as const, value: { state: 'running' as const, fence: body.fence } };
  };
  getJob = async (node: string, jobId: string) => {
    if (this.job === 'away') throw new NodeCallError('node_unreachable', node, 'away');
    if (this.job === 'gone') return { ok: false as const, code: 'not_found' as const, detail: '' };
    const now = new Date().toISOString();
    const value = { job_id: jobId, fence: 1, state: 'running', units_done: 0, units_total: 600, started_at: now, ended_at: null, last_checkpoint: null, energy_mj: '0', grade: 'modelled', result: null, error: null, devices: [], ...this.job } as AgentJob;
    return { ok: true as const, value };
  };
  checkpoint = async (_node: string, jobId: string) => this.saved(`checkpoint ${jobId}`, 'running');
  pause = async (_node: string, jobId: string) => this.saved(`pause ${jobId}`, 'stopped');
  deleteJob = async (node: string, jobId: string) => {
    this.calls.push(`DELETE ${jobId}`);
    if (this.job === 'away') throw new NodeCallError('node_unreachable', node, 'away');
    if (typeof this.job === 'object' && this.job.state !== 'completed') this.job = { ...this.job, state: 'stopped' };
    return { ok: true as const, value: { state: 'stopped' } };
  };

  private async saved(call: string, state: 'running' | 'stopped') {
    this.calls.push(call);
    const at = new Date().toISOString();
    this.job = { state, units_done: 300, ended_at: state === 'stopped' ? at : null, last_checkpoint: { id: `${call}@300`, uri: 'wattbook://x', sha256: '0'.repeat(64), size_bytes: 1, units_done: 300, at } };
    return { ok: true as const, value: { state, fence: 1 } };
  }
}

describe('the steps of a workload, each run twice, as after a worker that died between effect and answer', () => {
  let db: FreshDatabase;
  let orgId: string;
  let node: ScriptedNode;
  let act: ReturnType<typeof createWorkloadActivities>;
  const run = async <A extends unknown[], R>(activity: (...args: A) => Promise<R>, ...args: A) => (await new MockActivityEnvironment().run(activity, ...args)) as R;
  const twice = async <A extends unknown[], R>(activity: (...args: A) => Promise<R>, ...args: A) => [await run(activity, ...args), await run(activity, ...args)];

  beforeAll(async () => {
    db = await freshDatabase();
    orgId = (await sampleWorld(db)).orgs['aurora-labs']!;
  });
  afterAll(() => db.close());
  beforeEach(() => {
    node = new ScriptedNode();
    act = actWith(new AbortController().signal);
  });
  const actWith = (stopping: AbortSignal) => createWorkloadActivities({
    database: db, agents: node as never, temporal: null as never, routing: { zoneViews: constantViews({ FR: 60, PT: 160 }), intervalMs: 60_000, nodeSecondsPerSecond: 12, codeVersion: 'test' },
    pace: { pollMs: 10, quickPollMs: 5, nodeLostAfterMs: 60, progressEveryMs: 20, stopWithinMs: 60 }, stopping,
  });

  async function accept(over: { gpus?: number; zones?: string[] } = {}): Promise<string> {
    const id = uuidv7();
    const spec = {
      kind: 'fine_tune', program: null, resources: { gpu_count: over.gpus ?? 1, gpu_memory_gb: 80 }, work: { h100_seconds: 600 }, checkpoint: { supported: true, size_gb: 1, interval_s: 300 },
      schedule: { hard_deadline: false, flexible: false }, constraints: { residency: 'any', ...(over.zones && { zones: over.zones }) }, shed_behaviour: 'move_or_pause', retries: 1, verify: false,
    };
    await db.inOrg(orgId, (em) => rows(em, sql`
      insert into workloads (org_id, id, name, kind, spec, policy, state, gpus, units_total, max_moves, correlation_id)
      values (${orgId}, ${id}, 'w', 'fine_tune', ${JSON.stringify(spec)}::jsonb, ${JSON.stringify(namedPolicy('balanced'))}::jsonb, 'accepted', ${over.gpus ?? 1}, 600, 5, 'c')`));
    return id;
  }
  const one = async <T extends object>(text: string, ...values: unknown[]) => (await query<T>(db.superuserUrl, text, values))[0]!;
  const rowOf = (id: string) => one<Record<string, never>>('select * from workloads where id = $1', id) as Promise<Record<string, unknown>>;
  const free = async (slug: string) => (await one<{ free: number }>('select gpus - gpus_reserved as free from nodes where slug = $1', slug)).free;
  const placed = async (over: { zones?: string[] } = {}) => {
    const workloadId = await accept(over);
    const found = await run(act.place, { orgId, workloadId, mayWait: true });
    if (found.outcome !== 'placed') throw new Error(found.outcome);
    return { orgId, workloadId, node: found.target };
  };
  const started = async (over: { zones?: string[] } = {}) => {
    const on = await placed(over);
    expect(await run(act.startJob, { ...on, source: null, limits: LIMITS })).toBe('running');
    return on;
  };

  test('place: one decision, one segment, one reservation', async () => {
    const before = await free('fr-paris-1');
    const workloadId = await accept();
    const [first, second] = await twice(act.place, { orgId, workloadId, mayWait: true });
    expect(second).toEqual(first);
    expect(await free('fr-paris-1')).toBe(before - 1);
    expect(await one('select count(*)::int as n from decisions where workload_id = $1', workloadId)).toEqual({ n: 1 });
    expect(await rowOf(workloadId)).toMatchObject({ state: 'placing', segment: 1, fence: 1, zone: 'FR' });
    await run(act.stopJob, { orgId, workloadId, reason: 'by_customer' as const });
    expect(await free('fr-paris-1')).toBe(before);
  });

  test('the same placement asked for by two workers at once is one', async () => {
    const workloadId = await accept();
    const found = await Promise.all([1, 2, 3].map(() => run(act.place, { orgId, workloadId, mayWait: true })));
    const again = await run(act.place, { orgId, workloadId, mayWait: true });
    expect(again).toMatchObject({ outcome: 'placed', target: { segment: 1 } });
    for (const one of found) if (one.outcome === 'placed') expect(one.target.segment).toBe(1);
    expect(await one('select count(*)::int as n from segments where workload_id = $1', workloadId)).toEqual({ n: 1 });
    await run(act.stopJob, { orgId, workloadId, reason: 'by_customer' as const });
  });

  test('startJob: the PUT is the same both times, the segment starts once', async () => {
    const on = await placed();
    expect(await twice(act.startJob, { ...on, source: null, limits: LIMITS })).toEqual(['running', 'running']);
    expect(await rowOf(on.workloadId)).toMatchObject({ state: 'running', segment: 1 });
    expect(await one('select expires_at from reservations where workload_id = $1', on.workloadId)).toEqual({ expires_at: null });
    await run(act.stopJob, { ...on, reason: 'by_customer' as const });
  });

  test.each(['no_capacity', 'owner_in_use'] as const)('startJob refused with %s: segment not_started, GPUs back, next segment without a hole', async (code) => {
    const before = await free('fr-paris-1');
    const on = await placed();
    node.refusesPut = code;
    expect(await twice(act.startJob, { ...on, source: null, limits: LIMITS })).toEqual(['not_started', 'not_started']);
    expect(await free('fr-paris-1')).toBe(before);
    expect(await one('select end_reason, gpu_seconds::float8 from segments where workload_id = $1', on.workloadId)).toEqual({ end_reason: 'not_started', gpu_seconds: 0 });
    node.refusesPut = null;
    expect(await run(act.place, { orgId, workloadId: on.workloadId, mayWait: false })).toMatchObject({ outcome: 'placed', target: { segment: 2, fence: 2 } });
    await run(act.stopJob, { ...on, reason: 'by_customer' as const });
  });

  test('startJob on a node that does not answer gives up in time', async () => {
    const on = await placed();
    node.job = 'away';
    expect(await run(act.startJob, { ...on, source: null, limits: LIMITS })).toBe('not_started');
    await run(act.stopJob, { ...on, reason: 'by_customer' as const });
  });

  test('a reservation that nobody starts expires after 60 s and is swept once (W-65)', async () => {
    const before = await free('fr-paris-1');
    const on = await placed();
    await query(db.superuserUrl, `update reservations set expires_at = now() - interval '1 second' where workload_id = $1`, [on.workloadId]);
    await Promise.all([1, 2].map(() => db.inSystem((em) => releaseExpired(em))));
    expect(await free('fr-paris-1')).toBe(before);
    expect(await run(act.startJob, { ...on, source: null, limits: LIMITS })).toBe('not_started');
    expect(node.calls.filter((call) => call.startsWith('PUT'))).toEqual([]);
    await run(act.stopJob, { ...on, reason: 'by_customer' as const });
  });

  test('followJob: a finished job is finished once, with its result', async () => {
    const on = await started();
    node.job = { state: 'completed', units_done: 600, ended_at: new Date().toISOString(), result: { uri: 'u', sha256: '1'.repeat(64) } };
    expect(await twice(act.followJob, { ...on, limits: LIMITS })).toEqual([{ outcome: 'completed' }, { outcome: 'completed' }]);
    expect(await rowOf(on.workloadId)).toMatchObject({ state: 'settling', reason: 'finished', units_done: '600', result: { sha256: '1'.repeat(64) } });
    await twice(act.settle, { ...on, reason: 'finished' as const, limits: LIMITS });
    expect(await rowOf(on.workloadId)).toMatchObject({ state: 'completed', reason: 'finished' });
    expect(await one('select count(*)::int as n from usage_facts where workload_id = $1', on.workloadId)).toEqual({ n: 1 });
    expect((await query<{ state: string }>(db.superuserUrl, `select data ->> 'state' as state from stream_events where workload_id = $1 and name = 'workload.state' order by id`, [on.workloadId])).map(({ state }) => state)).toEqual(['placing', 'running', 'settling', 'completed']);
  });

  test('followJob: a silent node is lost once, and ten losses are the end', async () => {
    const on = await started();
    node.job = 'away';
    expect(await twice(act.followJob, { ...on, limits: LIMITS })).toEqual([{ outcome: 'displaced' }, { outcome: 'displaced' }]);
    expect(await rowOf(on.workloadId)).toMatchObject({ state: 'placing', reason: 'node_lost', node_losses: 1, node_id: null });
    await query(db.superuserUrl, 'update workloads set node_losses = 9 where id = $1', [on.workloadId]);
    const again = await run(act.place, { orgId, workloadId: on.workloadId, mayWait: false });
    if (again.outcome !== 'placed') throw new Error(again.outcome);
    node.job = 'gone';
    await run(act.startJob, { ...on, node: again.target, source: null, limits: LIMITS });
    node.job = 'away';
    expect(await twice(act.followJob, { ...on, node: again.target, limits: LIMITS })).toEqual([{ outcome: 'ended', reason: 'attempts_exhausted' }, { outcome: 'ended', reason: 'attempts_exhausted' }]);
  });

  test('followJob: a job that the node stopped by itself goes on elsewhere; one that we stopped is nobody’s news', async () => {
    const on = await started();
    node.job = { state: 'stopped', ended_at: new Date().toISOString() };
    expect(await run(act.followJob, { ...on, limits: LIMITS })).toEqual({ outcome: 'displaced' });
    expect(await one('select end_reason from segments where workload_id = $1', on.workloadId)).toEqual({ end_reason: 'stopped_by_node' });
    const other = await started();
    await run(act.pauseJob, { orgId, workloadId: other.workloadId, segment: 1, reason: 'customer' as const });
    expect(await run(act.followJob, { ...other, limits: LIMITS })).toEqual({ outcome: 'superseded' });
  });

  test('followJob: a worker that stops leaves the job as it is and hands the watching over', async () => {
    const on = await started();
    const stopping = new AbortController();
    const watching = run(actWith(stopping.signal).followJob, { ...on, limits: LIMITS });
    stopping.abort();
    expect(await watching).toEqual({ outcome: 'unchanged' });
    expect(await rowOf(on.workloadId)).toMatchObject({ state: 'running', segment: 1 });
    node.job = { state: 'completed', units_done: 600, ended_at: new Date().toISOString() };
    expect(await run(act.followJob, { ...on, limits: LIMITS })).toEqual({ outcome: 'completed' });
  });

  test('pauseJob: one pause, one checkpoint, GPUs free', async () => {
    const on = await started();
    const pause = { orgId, workloadId: on.workloadId, segment: 1, reason: 'customer' as const };
    expect(await twice(act.pauseJob, pause)).toEqual([{ outcome: 'paused' }, { outcome: 'paused' }]);
    expect(await rowOf(on.workloadId)).toMatchObject({ state: 'paused', reason: 'customer', checkpoint: { units_done: 300 }, units_done: '300' });
    expect(await one('select count(*)::int as n from reservations where workload_id = $1', on.workloadId)).toEqual({ n: 0 });
    await run(act.stopJob, { ...on, reason: 'by_customer' as const });
  });

  test('a move: saved, started, counted once; the source is deleted, and what comes from it later is superseded', async () => {
    const source = await started();
    const decided = await twice(act.decideReroute, { orgId, workloadId: source.workloadId, mode: 'force' as const });
    expect(decided[1]).toEqual(decided[0]);
    const { target } = decided[0] as { target: TargetSegment };
    expect(target).toMatchObject({ segment: 2, fence: 2 });
    expect(await run(act.checkpointSource, { ...source, target })).toBe('saved');
    expect(await twice(act.startJob, { ...source, node: target, source: source.node, limits: LIMITS })).toEqual(['running', 'running']);
    await twice(act.stopSource, source);
    expect(await rowOf(source.workloadId)).toMatchObject({ state: 'running', segment: 2, moves_used: 1, zone: target.zone });
    expect(await one('select end_reason from segments where workload_id = $1 and segment = 1', source.workloadId)).toEqual({ end_reason: 'moved' });
    expect(await one('select count(*)::int as n from reservations where workload_id = $1', source.workloadId)).toEqual({ n: 1 });
    expect(await run(act.followJob, { ...source, limits: LIMITS })).toEqual({ outcome: 'superseded' });
    // Undo that comes too late changes nothing
    await run(act.dropTarget, { ...source, node: target, goesOn: true });
    expect(await rowOf(source.workloadId)).toMatchObject({ state: 'running', segment: 2 });
    await run(act.stopJob, { ...source, reason: 'by_customer' as const });
  });

  test('stopJob: the first end stands, and a job that was complete already wins (W-167)', async () => {
    const on = await started();
    expect(await run(act.stopJob, { ...on, reason: 'by_customer' as const })).toEqual({ reason: 'by_customer' });
    expect(await run(act.stopJob, { ...on, reason: 'max_lifetime' as const })).toEqual({ reason: 'by_customer' });
    const quick = await started();
    node.job = { state: 'completed', units_done: 600, ended_at: new Date().toISOString(), result: { uri: 'u', sha256: '2'.repeat(64) } };
    expect(await twice(act.stopJob, { ...quick, reason: 'by_customer' as const })).toEqual([{ reason: 'finished' }, { reason: 'finished' }]);
    expect(await rowOf(quick.workloadId)).toMatchObject({ state: 'settling', reason: 'finished', units_done: '600' });
  });

  test('stopJob does not wait for a node that is gone longer than it has to (W-143)', async () => {
    const on = await started();
    node.job = 'away';
    expect(await run(act.stopJob, { ...on, reason: 'by_customer' as const })).toEqual({ reason: 'by_customer' });
    expect(await one('select count(*)::int as n from reservations where workload_id = $1', on.workloadId)).toEqual({ n: 0 });
  });

  test('W-65: many placements at once never pass a node’s count; who finds no room is queued', async () => {
    await query(db.superuserUrl, 'delete from reservations');
    await query(db.superuserUrl, 'update nodes set gpus_reserved = 0');
    const ids = await Promise.all(Array.from({ length: 24 }, () => accept({ zones: ['FR', 'ES'] })));
    const found = await Promise.all(ids.map((workloadId) => run(act.place, { orgId, workloadId, mayWait: true })));
    const kinds = found.map(({ outcome }) => outcome);
    // 8 GPUs of 80 GB in Paris, 8 in Madrid
    expect([kinds.filter((kind) => kind === 'placed').length, kinds.filter((kind) => kind === 'queued').length]).toEqual([16, 8]);
    const wrong = await query(db.superuserUrl, 'select slug from nodes n where gpus_reserved > gpus or gpus_reserved <> (select coalesce(sum(gpus), 0) from reservations r where r.node_id = n.id)');
    expect(wrong).toEqual([]);
    const winners = await query<{ same: boolean }>(db.superuserUrl, `select d.body -> 'winner' ->> 'node' = n.slug as same from decisions d join nodes n on n.id = d.winner_node_id where d.workload_id = any($1)`, [ids]);
    expect(winners).toHaveLength(16);
    expect(winners.every(({ same }) => same)).toBe(true);
  });

  test('W-94: of 50 posts at once on a cap that fits 7, exactly 7 are accepted', async () => {
    const [budget] = await query<{ id: string }>(db.superuserUrl, `update budgets set limit_amount = used + reserved + 70 where org_id = $1 and unit = 'usd' returning id`, [orgId]);
    class Full extends Error {}
    const posts = await Promise.allSettled(Array.from({ length: 50 }, () => db.inOrg(orgId, async (em) => {
      const { refusals: refused } = await reserveBudgets(em, uuidv7(), { usd: 10n, kwh: 1n, co2e_g: 1n });
      if (refused.length > 0) throw Object.assign(new Full(), { refused });
    })));
    expect(posts.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    for (const post of posts) if (post.status === 'rejected') expect(post.reason.refused[0]).toMatchObject({ id: budget!.id, unit: 'usd', needed: 10n });
    expect(await one('select reserved::int from budgets where id = $1', budget!.id)).toMatchObject({ reserved: expect.any(Number) });
    expect(await one('select limit_amount = used + reserved as full from budgets where id = $1', budget!.id)).toEqual({ full: true });
  });
});
