import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startSystem, type System } from '../support/system.ts';

// W-157: WHEN reroute is triggered THEN `carbon-spike` opens in the job's zone, the job is checkpointed and moved once, progress does not fall, the event says who moved and why.
const WORKLOADS = '/api/v1/workloads';

if (!inject('temporal')) console.warn('SKIP w157: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('W-157: a carbon spike under a running job', () => {
  let system: System;
  let zone = '';
  let id = '';
  let eventId = '';
  beforeAll(async () => {
    system = await startSystem();
  }, 90_000);
  afterAll(() => system?.close());

  const aurora = (method: string, path: string, body?: unknown) => system.as('aurora-labs')(method, path, body);
  const read = async () => (await aurora('GET', `${WORKLOADS}/${id}`)).json;
  const event = async (slug = 'aurora-labs') => (await system.as(slug)('GET', `/api/v1/grid-events/${zone}/${eventId}`)).json;

  test('the job is moved once, and its progress never falls', async () => {
    const body = {
      name: 'moved by the grid', kind: 'fine_tune', policy: 'carbon', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 },
      checkpoint: { supported: true, size_gb: 1, interval_s: 300 }, schedule: { flexible: false },
    };
    const { status, json } = await aurora('POST', WORKLOADS, body);
    expect(status).toBe(202);
    id = json.id;
    await expect.poll(async () => (await read()).progress.units_done, { timeout: 30_000 }).toBeGreaterThan(0);
    const before = await read();
    zone = before.zone;

    const { json: triggered, status: accepted } = await system.as('platform')('POST', '/demo/simulate/trigger_reroute', { workload_id: id, intervals: 6 });
    expect([accepted, triggered.zone]).toEqual([202, zone]);
    const progress: number[] = [];
    await expect.poll(async () => {
      const row = await read();
      expect(['running', 'checkpointing', 'moving']).toContain(row.state);
      progress.push(row.progress.units_done);
      return row.zone !== zone && row.state === 'running';
    }, { timeout: 60_000, interval: 100 }).toBe(true);
    const after = await read();
    expect(after).toMatchObject({ segment: before.segment + 1, moves_used: 1 });
    expect(after.fence).toBeGreaterThan(before.fence);
    for (const [n, units] of progress.entries()) expect(units).toBeGreaterThanOrEqual(progress[Math.max(0, n - 1)]!);
  }, 120_000);

  test('the event tells the story and names the decision', async () => {
    const { json } = await aurora('GET', `/api/v1/grid-events?zone=${zone}&kind=carbon-spike`);
    eventId = json.data[0].id;
    expect(eventId).toMatch(/^carbon-spike-\d{8}T\d{6}Z$/);
    await expect.poll(async () => (await event()).answers.length, { timeout: 10_000 }).toBe(1);
    const shown = await event();
    expect(shown.history.map(({ state }: { state: string }) => state).slice(0, 4)).toEqual(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING']);
    expect(shown.answers).toMatchObject([{ workload_id: id, answer: 'moved' }]);
    const { json: decision } = await aurora('GET', `/api/v1/decisions/${shown.answers[0].decision_id}`);
    expect(decision.winner.node).toBe((await read()).node);
    expect(Number(decision.improvement)).toBeGreaterThanOrEqual(Number(decision.needed));
    expect(BigInt(decision.net_gain.ng)).toBeGreaterThan(0n);
  }, 30_000);

  test('W-180: another organisation sees the event, and nothing of who moved; the operator sees all', async () => {
    const theirs = await event('bluefin-robotics');
    expect(theirs.id).toBe(eventId);
    expect(JSON.stringify(theirs)).not.toContain(id);
    expect(JSON.stringify(theirs)).not.toContain(system.orgs['aurora-labs']);
    expect((await event('platform')).answers).toMatchObject([{ workload_id: id, answer: 'moved' }]);
  });

  test('the alert reaches who has work there, the owner and the operator', async () => {
    const firing = async (slug: string) => (await system.as(slug)('GET', '/api/v1/alerts?kind=grid.carbon_spike')).json.data.filter((alert: { subject: string }) => alert.subject === eventId);
    expect(await firing('aurora-labs')).toMatchObject([{ severity: 'warning', zone }]);
    expect(await firing('platform')).toMatchObject([{ severity: 'warning', zone }]);
    expect(await firing('cobalt-genomics')).toEqual([]);
  });
});
