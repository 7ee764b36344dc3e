import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startSystem, type System } from '../support/system.ts';

// W-74, W-101 to W-105, W-141: a zone sheds; each job there does what it was ordered to, and comes back when it is over.
const WORKLOADS = '/api/v1/workloads';

if (!inject('temporal')) console.warn('SKIP w102: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('a shed of all flexible load in FR', () => {
  let system: System;
  const ids: Record<string, string> = {};
  let eventId = '';
  beforeAll(async () => {
    system = await startSystem({ nodes: ['fr-paris-1', 'de-frankfurt-1', 'es-madrid-1', 'pt-sines-1'] });
  }, 90_000);
  afterAll(() => system?.close());

  const aurora = (method: string, path: string, body?: unknown) => system.as('aurora-labs')(method, path, body);
  const read = async (name: string) => (await aurora('GET', `${WORKLOADS}/${ids[name]}`)).json;
  const state = async (name: string) => (await read(name)).state;
  const event = async () => (await system.as('aurora-labs')('GET', `/api/v1/grid-events/FR/${eventId}`)).json;
  const submit = async (name: string, over: object) => {
    const { json } = await aurora('POST', WORKLOADS, {
      name, kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 }, checkpoint: { supported: true, size_gb: 1, interval_s: 300 }, schedule: { flexible: false }, ...over,
    });
    ids[name] = json.id;
  };
  /** Waits until the job has done so many more units: 60 a second, so that the meters have something to say (W-106). */
  const works = async (name: string, units: number) => {
    const from = Number((await read(name)).progress.units_done);
    await expect.poll(async () => Number((await read(name)).progress.units_done) - from, { timeout: 60_000 }).toBeGreaterThan(units);
  };
  const inFr = { constraints: { zones: ['FR'] } };

  test('given four jobs in FR, the call pauses two, moves one and leaves the firm one; a new one waits', async () => {
    await submit('pauses', { ...inFr, shed_behaviour: 'pause' });
    await submit('stuck', { ...inFr, shed_behaviour: 'move_or_pause' });
    await submit('firm', { ...inFr, shed_behaviour: 'continue' });
    await submit('moves', {});
    for (const name of ['pauses', 'stuck', 'firm', 'moves']) await expect.poll(() => state(name), { timeout: 30_000 }).toBe('running');
    await works('firm', 1_200);
    if ((await read('moves')).zone !== 'FR') {
      const { status } = await aurora('POST', `${WORKLOADS}/${ids['moves']}/reroute`, { mode: 'force', target_node: 'fr-paris-1' });
      expect(status).toBe(200);
      await expect.poll(async () => { const row = await read('moves'); return `${row.zone} ${row.state}`; }, { timeout: 20_000 }).toBe('FR running');
    }
    const firm = await read('firm');

    const { status, json } = await system.as('platform')('POST', '/demo/simulate/trigger_curtailment', { zone: 'FR', kind: 'shed', duration_s: 300, target_percent: 100 });
    expect(status).toBe(202);
    eventId = json.event_id;
    const opened = Date.now();
    await submit('late', { ...inFr, shed_behaviour: 'pause' });
    for (const name of ['pauses', 'stuck']) {
      await expect.poll(() => state(name), { timeout: 30_000 }).toBe('paused');
      expect((await read(name)).reason).toBe('shed');
    }
    await expect.poll(async () => { const row = await read('moves'); return row.zone !== 'FR' && row.state === 'running'; }, { timeout: 30_000 }).toBe(true);
    expect(Date.now() - opened).toBeLessThan(30_000);
    await expect.poll(() => state('late'), { timeout: 5_000 }).toBe('queued');
    expect((await read('late')).exclusions.event_shed).toBeGreaterThanOrEqual(1);
    expect(await read('firm')).toMatchObject({ state: 'running', zone: 'FR', segment: firm.segment });

    await expect.poll(async () => (await event()).answers.length, { timeout: 10_000 }).toBe(3);
    const answers = new Map((await event()).answers.map((one: { workload_id: string; answer: string }) => [one.workload_id, one.answer]));
    expect(['pauses', 'stuck', 'moves', 'firm', 'late'].map((name) => answers.get(ids[name]!))).toEqual(['paused', 'paused', 'moved', undefined, undefined]);
  }, 120_000);

  test('when it is over, paused work resumes at the zone\'s pace and the one that waited starts', async () => {
    await works('firm', 600);
    expect((await system.as('platform')('POST', `/api/v1/grid-events/FR/${eventId}/close`, {})).status).toBe(200);
    for (const name of ['pauses', 'stuck', 'late']) await expect.poll(() => state(name), { timeout: 75_000 }).toBe('running');
    expect((await read('late')).zone).toBe('FR');
    await expect.poll(async () => (await event()).state, { timeout: 30_000 }).toBe('RESOLVED');
    const { history, response } = await event();
    // Three of four jobs were off: metered power fell, by reports of a simulated machine (W-106)
    expect(response).toMatchObject({ grade: 'modelled', baseline_kw: expect.stringMatching(/^\d+(\.\d+)?$/), range: expect.anything() });
    expect(Number(response.peak_kw)).toBeGreaterThan(0.5);
    expect(BigInt(response.energy_mj)).toBeGreaterThan(0n);
    expect(history.map((change: { state: string }) => change.state)).toEqual(expect.arrayContaining(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED']));
    const { json: { data } } = await aurora('GET', '/api/v1/alerts?kind=grid.shed');
    expect(data).toMatchObject([{ state: 'resolved', severity: 'critical', zone: 'FR' }]);
  }, 150_000);
});
