import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openStream, until } from '../support/sse.ts';
import { startSystem, type System } from '../support/system.ts';

const WORKLOADS = '/api/v1/workloads';
const order = (over: object = {}) => ({
  name: 'commanded', kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 }, checkpoint: { size_gb: 1 }, schedule: { flexible: false }, ...over,
});

if (!inject('temporal')) console.warn('SKIP workloads-api-commands: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('commands of a customer through the gateway (W-86, W-87)', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ nodes: ['fr-paris-1', 'pt-sines-1'] });
  }, 90_000);
  afterAll(() => system?.close());

  const ask = (method: string, path: string, body?: object, headers?: Record<string, string>) => system.as('aurora-labs')(method, path, body, headers);
  const read = async (id: string) => (await ask('GET', `${WORKLOADS}/${id}`)).json;
  const post = async (over: object = {}): Promise<string> => (await ask('POST', WORKLOADS, order(over))).json.id;
  const reaches = async (id: string, state: string, timeout = 20_000) => {
    await expect.poll(async () => (await read(id)).state, { timeout, interval: 100 }).toBe(state);
    return read(id);
  };
  const running = async (over: object = {}) => {
    const id = await post(over);
    await reaches(id, 'running');
    await expect.poll(async () => (await read(id)).progress.units_done, { timeout: 15_000, interval: 100 }).toBeGreaterThan(0);
    return read(id);
  };
  const command = (id: string, name: string, body: object = {}) => ask('POST', `${WORKLOADS}/${id}/${name}`, body);

  test('pause frees the GPU and keeps the work; resume goes on in a new segment; a repeat is 200', async () => {
    const before = await running();
    const paused = await command(before.id, 'pause');
    expect(paused.status).toBe(202);
    const row = await reaches(before.id, 'paused');
    expect(row).toMatchObject({ reason: 'customer', node: null, hardware: null });
    expect(row.progress.units_done).toBeGreaterThanOrEqual(before.progress.units_done);
    expect(await command(before.id, 'pause')).toMatchObject({ status: 200, json: { state: 'paused' } });
    expect((await command(before.id, 'resume')).status).toBe(202);
    const again = await reaches(before.id, 'running');
    expect(again).toMatchObject({ segment: 2, moves_used: 0 });
    expect(again.progress.units_done).toBeGreaterThanOrEqual(row.progress.units_done);
    expect((await command(before.id, 'resume')).status).toBe(200);
    await command(before.id, 'cancel');
  });

  test('cancel stops within 5 s, ends cancelled by_customer, and a repeat is 200', async () => {
    const { id } = await running();
    const begin = performance.now();
    expect((await command(id, 'cancel', { reason: 'not needed any more' })).status).toBe(202);
    await expect.poll(async () => (await read(id)).state, { timeout: 5_000, interval: 100 }).not.toBe('running');
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(await reaches(id, 'cancelled', 40_000)).toMatchObject({ reason: 'by_customer' });
    expect(await command(id, 'cancel')).toMatchObject({ status: 200, json: { state: 'cancelled' } });
  });

  test('a command in a wrong state is 409 with state and allowed[], and nothing is recorded', async () => {
    const id = await post();
    await command(id, 'cancel');
    const ended = await reaches(id, 'cancelled', 40_000);
    for (const [method, path] of [['POST', '/pause'], ['POST', '/resume'], ['POST', '/reroute'], ['PUT', '/route']] as const)
      expect(await ask(method, `${WORKLOADS}/${id}${path}`, {})).toMatchObject({ status: 409, json: { code: 'invalid-transition', state: 'cancelled', allowed: [] } });
    expect(await ask('PATCH', `${WORKLOADS}/${id}`, { labels: { a: 'b' } })).toMatchObject({ status: 409, json: { state: 'cancelled' } });
    expect((await read(id)).updated_at).toBe(ended.updated_at);
    const parked = await post({ schedule: { flexible: false, not_before: new Date(Date.now() + 3_600_000).toISOString() } });
    await reaches(parked, 'waiting');
    expect(await command(parked, 'pause')).toMatchObject({ status: 409, json: { code: 'invalid-transition', state: 'waiting', allowed: ['cancel', 'route', 'amend'] } });
    await command(parked, 'cancel');
  });

  test('budget and labels are amended under an If-Match that only they make stale', async () => {
    const { id } = await running({ budget: { usd: '900', co2e_g: 90_000 }, labels: { team: 'red', site: 'lyon' } });
    const etag = (await ask('GET', `${WORKLOADS}/${id}`)).headers.get('etag')!;
    const changed = await ask('PATCH', `${WORKLOADS}/${id}`, { budget: { usd: '1234.5' }, labels: { team: 'blue', site: null } }, { 'if-match': etag });
    expect(changed).toMatchObject({ status: 200, json: { labels: { team: 'blue' }, budget: { usd: { limit_micro_usd: '1234500000' }, co2e_g: { limit_ng: '90000000000000' } } } });
    expect(await ask('PATCH', `${WORKLOADS}/${id}`, { labels: { team: 'green' } }, { 'if-match': etag })).toMatchObject({ status: 412, json: { code: 'stale-version' } });
    expect(await ask('PATCH', `${WORKLOADS}/${id}`, { labels: { team: 'green' } })).toMatchObject({ status: 200, json: { labels: { team: 'green' } } });
    await command(id, 'cancel');
  });

  test('a forced reroute answers with the whole decision and moves once; without a candidate 409 with exclusions', async () => {
    const before = await running();
    const target = before.node === 'pt-sines-1' ? 'fr-paris-1' : 'pt-sines-1';
    const answer = await command(before.id, 'reroute', { mode: 'force', target_node: target });
    expect(answer).toMatchObject({ status: 200, json: { workload_id: before.id, kind: 'request', winner: { node: target } } });
    expect(answer.json.candidates.length).toBeGreaterThan(0);
    await expect.poll(async () => (await read(before.id)).node, { timeout: 20_000, interval: 100 }).toBe(target);
    expect(await reaches(before.id, 'running')).toMatchObject({ segment: before.segment + 1, moves_used: 1 });
    expect(await command(before.id, 'reroute', { target_node: 'nowhere-1' })).toMatchObject({ status: 422, json: { code: 'unknown-node' } });
    await command(before.id, 'cancel');
    const bound = await running({ constraints: { zones: ['FR'] } });
    expect(await command(bound.id, 'reroute')).toMatchObject({ status: 409, json: { code: 'no-candidate', excluded: { zone: expect.any(Number) } } });
    await command(bound.id, 'cancel');
  });

  test('PUT …/route answers with the decision in force while it runs, and never starts work before its time', async () => {
    const { id, last_decision } = await running();
    expect(await ask('PUT', `${WORKLOADS}/${id}/route`, {})).toMatchObject({ status: 200, json: { id: last_decision.id, workload_id: id, outcome: 'place' } });
    await command(id, 'cancel');
    const parked = await post({ schedule: { flexible: false, not_before: new Date(Date.now() + 3_600_000).toISOString() } });
    await reaches(parked, 'waiting');
    expect(await ask('PUT', `${WORKLOADS}/${parked}/route`, {})).toMatchObject({ status: 200, json: { workload_id: parked, outcome: 'wait' } });
    expect((await read(parked)).state).toBe('waiting');
    await command(parked, 'cancel');
  });

  test('every command leaves who gave it in the audit chain', async () => {
    const id = await post();
    await command(id, 'cancel', { reason: 'a test of the books' });
    const { json: { data } } = await ask('GET', `/api/v1/audit/events?target=${id}`);
    expect(data.map(({ action, reason }: { action: string; reason: string | null }) => [action, reason])).toEqual([['workload.create', null], ['workload.cancel', 'a test of the books']]);
    expect((await ask('GET', `/api/v1/audit/events?request_id=${data[1].request_id}&outcome=allowed&limit=1`)).json.data).toEqual([data[1]]);
    expect((await system.as('bluefin-robotics')('GET', `/api/v1/audit/events?target=${id}`)).json.data).toEqual([]);
  });

  test('the workload’s stream tells its life as it is lived, ids growing', async () => {
    const id = await post();
    const stream = await openStream(`${system.gateway.url}${WORKLOADS}/${id}/events`, system.keys['aurora-labs']!, '0');
    await until(() => stream.events.some(({ data }) => data.includes('"running"')), 15_000, () => stream.events);
    await command(id, 'cancel');
    await until(() => stream.events.some(({ data }) => data.includes('"cancelled"')), 40_000, () => stream.events);
    stream.close();
    const states = stream.events.filter(({ event }) => event === 'workload.state').map(({ data }) => (JSON.parse(data) as { state: string }).state);
    expect(states.filter((state, i) => state !== states[i - 1])).toEqual(['accepted', 'placing', 'running', 'settling', 'cancelled']);
    for (const [i, { id: at }] of stream.events.entries()) if (i > 0) expect(BigInt(at)).toBeGreaterThan(BigInt(stream.events[i - 1]!.id));
  });
});
