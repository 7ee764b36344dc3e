/** Stories of grid zones and of the incident agent, steered as an operator steers a simulated grid. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { gridEventWorkflowId } from '#workflows/grid/event.messages';
import { gridZoneWorkflowId, refreshZone } from '#workflows/grid/zone.messages';
import { workloadWorkflowId } from '#workflows/workloads/workload.messages';
import { startSystem, type System } from '../system.ts';
import { recording } from './record.ts';

const WORKLOADS = '/api/v1/workloads';
let system: System;
const ids: Record<string, string> = {};
beforeAll(async () => {
  system = await startSystem({ nodes: ['fr-paris-1', 'pt-sines-1'], pace: { pollMs: 500, progressEveryMs: 1_000 } });
});
afterAll(() => system?.close());

const aurora = (method: string, path: string, body?: unknown) => system.as('aurora-labs')(method, path, body);
const operator = async (path: string, body: object) => {
  const answer = await system.as('platform')('POST', path, body);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.json;
};
const read = async (name: string) => (await aurora('GET', `${WORKLOADS}/${ids[name]}`)).json;
const reaches = (name: string, states: RegExp, timeout = 90_000) => expect.poll(async () => (await read(name)).state, { timeout, interval: 100 }).toMatch(states);
const answered = (zone: string, event: string, name: string, answer: RegExp) => expect.poll(async () =>
  (await aurora('GET', `/api/v1/grid-events/${zone}/${event}`)).json.answers.find((one: { workload_id: string }) => one.workload_id === ids[name])?.answer, { timeout: 60_000 }).toMatch(answer);
const resolved = (zone: string, event: string, timeout = 90_000) => expect.poll(async () => (await aurora('GET', `/api/v1/grid-events/${zone}/${event}`)).json.state, { timeout }).toBe('RESOLVED');
const order = async (name: string, over: object = {}) => {
  const { status, text, json } = await aurora('POST', WORKLOADS, {
    name: 'recorded', kind: 'fine_tune', policy: 'carbon', resources: { gpu_count: 1, gpu_memory_gb: 40 }, work: { h100_seconds: 36_000 }, checkpoint: { supported: true, size_gb: 1, interval_s: 300 },
    schedule: { flexible: false }, constraints: { zones: ['FR'] }, ...over,
  });
  expect(status, text).toBe(202);
  ids[name] = json.id;
};
const event = (zone: string, id: string) => ({ temporal: system.temporal, workflowId: gridEventWorkflowId(zone, id) });
const work = (name: string) => ({ temporal: system.temporal, workflowId: workloadWorkflowId(ids[name]!) });
const events: Record<string, string> = {};

describe('a shed of FR', () => {
  recording('workload', 'paused-by-a-shed', async () => {
    await order('pauses', { shed_behaviour: 'pause' });
    await order('moves', { constraints: { zones: ['FR', 'PT'] } });
    for (const name of ['pauses', 'moves']) await reaches(name, /running/);
    if ((await read('moves')).zone !== 'FR') await aurora('POST', `${WORKLOADS}/${ids['moves']}/reroute`, { mode: 'force', target_node: 'fr-paris-1' });
    await expect.poll(async () => { const { zone, state } = await read('moves'); return `${zone} ${state}`; }, { timeout: 30_000 }).toBe('FR running');
    events['shed'] = (await operator('/demo/simulate/trigger_curtailment', { zone: 'FR', kind: 'shed', duration_s: 600, target_percent: 100 })).event_id;
    await reaches('pauses', /paused/);
    await answered('FR', events['shed']!, 'moves', /moved/);
    await operator(`/api/v1/grid-events/FR/${events['shed']}/close`, {});
    await reaches('pauses', /running/);
    await aurora('POST', `${WORKLOADS}/${ids['pauses']}/cancel`, {});
    await reaches('pauses', /cancelled/);
    return work('pauses');
  });

  recording('workload', 'moved-by-a-shed', async () => {
    await aurora('POST', `${WORKLOADS}/${ids['moves']}/cancel`, {});
    await reaches('moves', /cancelled/);
    return work('moves');
  });

  recording('gridEvent', 'shed-resolved', async () => {
    await resolved('FR', events['shed']!);
    return event('FR', events['shed']!);
  });
});

describe('a spike and a surplus', () => {
  recording('workload', 'moved-by-a-spike', async () => {
    await order('spiked', { constraints: { zones: ['FR', 'PT'] } });
    await reaches('spiked', /running/);
    const { zone } = await read('spiked');
    await operator('/demo/simulate/trigger_reroute', { workload_id: ids['spiked'], intervals: 2 });
    await expect.poll(async () => { const row = await read('spiked'); return row.zone !== zone && row.state; }, { timeout: 90_000 }).toBe('running');
    const { json } = await aurora('GET', `/api/v1/grid-events?zone=${zone}&kind=carbon-spike`);
    events['spike'] = json.data[0].id;
    events['spiked'] = zone;
    await answered(zone, events['spike']!, 'spiked', /moved/);
    await aurora('POST', `${WORKLOADS}/${ids['spiked']}/cancel`, {});
    await reaches('spiked', /cancelled/);
    return work('spiked');
  });

  recording('gridEvent', 'carbon-spike-resolved', async () => {
    for (let n = 0; n < 4; n += 1) await operator('/demo/simulate/grid_cycle', { steps: 1 });
    await resolved(events['spiked']!, events['spike']!);
    return event(events['spiked']!, events['spike']!);
  });

  recording('workload', 'waited-for-a-surplus', async () => {
    await order('busy');
    await reaches('busy', /running/);
    await operator('/demo/simulate/trigger_reroute', { workload_id: ids['busy'], intervals: 3 });
    await order('waits', { work: { h100_seconds: 600 }, schedule: { flexible: true, deadline: new Date(Date.now() + 22 * 60_000).toISOString() } });
    await reaches('waits', /waiting/);
    events['absorb'] = (await operator('/demo/simulate/trigger_curtailment', { zone: 'FR', kind: 'absorb', duration_s: 300 })).event_id;
    await answered('FR', events['absorb']!, 'waits', /started/);
    await reaches('waits', /completed/);
    return work('waits');
  });

  recording('gridEvent', 'absorb', async () => event('FR', events['absorb']!));

  recording('gridZone', 'ticks-advance-refresh', async () => {
    await system.temporal.workflow.getHandle(gridZoneWorkflowId('FR')).executeUpdate(refreshZone);
    await delay(1_000);
    return { temporal: system.temporal, workflowId: gridZoneWorkflowId('FR') };
  });

  recording('gridZone', 'called', async () => ({ temporal: system.temporal, workflowId: gridZoneWorkflowId('PT') }));
});
