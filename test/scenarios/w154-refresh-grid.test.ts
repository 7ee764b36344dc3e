import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { showSignal, seriesKey, type SignalKind } from '#domain/grid/signal';
import { simulatedValues } from '#domain/grid/simulate';
import { SIMULATED_ZONES, simulatedZone } from '#domain/grid/simulated-zones';
import { gridEventWorkflowId } from '#workflows/grid/event.messages';
import { gridZoneWorkflowId, zoneView } from '#workflows/grid/zone.messages';
import { query } from '../support/database.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem({ nodes: [], intervalS: 60 });
});
afterAll(() => system.close());

interface ApiSignal { kind: SignalKind; basis?: string; fuel?: string; value: string; source_time: string; quality: 'final' | 'preliminary' }
const zones = SIMULATED_ZONES.map(({ zone }) => zone);
const customer = (path: string) => system.as('aurora-labs')('GET', `/api/v1${path}`).then(({ json }) => json);
const operator = (path: string, body: object) => system.as('platform')('POST', path, body);
const newestHour = async (zone: string) => {
  const { present } = await customer(`/zones/${zone}`);
  const { data } = await customer(`/zones/${zone}/signals?from=${present.interval_start}&limit=2000`);
  return { at: Date.parse(present.source_time), signals: data as ApiSignal[] };
};

describe('W-154: the grid at first sight, and refreshed', () => {
  test('GIVEN a fresh start THEN 11 zones show value, colour, source simulated, and 33 rows and more exist', async () => {
    const { data } = await customer('/zones');
    expect(data).toHaveLength(11);
    for (const zone of data) expect(zone).toMatchObject({ signal: { source: 'simulated', fresh: true, intensity: { value: expect.stringMatching(/^\d/) } }, color: expect.stringMatching(/green|yellow|orange|red/) });
    const [{ count }] = (await query<{ count: string }>(system.database.superuserUrl, 'select count(*) from grid_signals')) as [{ count: string }];
    expect(Number(count)).toBeGreaterThanOrEqual(33);
  });

  test('WHEN "Refresh grid" is pressed THEN each zone has one new row per series equal to W-48, and listeners hear of it', async () => {
    const before = await Promise.all(zones.map(newestHour));
    const answer = await operator('/demo/simulate/grid_cycle', { steps: 1 });
    // 11 zones × 15 series, more only where a wall interval ended meanwhile
    expect(answer.status).toBe(200);
    expect(answer.json.rows).toBeGreaterThanOrEqual(165);
    for (const [i, zone] of zones.entries()) {
      const { at, signals } = await newestHour(zone);
      expect(at).toBeGreaterThan(before[i]!.at);
      const model = new Map(simulatedValues(1, simulatedZone(zone)!, at, 'preliminary').map((value) => [seriesKey(value), showSignal(value.kind, value.value)]));
      expect(signals).toHaveLength(15);
      for (const signal of signals) expect(signal.value, `${zone} ${signal.kind}`).toBe(model.get(`${signal.kind}:${signal.basis ?? signal.fuel ?? ''}`));
    }
    const told = await query<{ zone: string }>(system.database.superuserUrl, `select distinct data ->> 'zone' as zone from public_stream_events where name = 'grid.signal'`);
    expect(told).toHaveLength(11);
  });

  test('and each zone has a run that says where it stands', async () => {
    const run = system.temporal.workflow.getHandle(gridZoneWorkflowId('FR'));
    const { present } = await customer('/zones/FR');
    await expect.poll(async () => (await run.query(zoneView)).sourceTime).toBe(present.source_time);
    expect(await run.query(zoneView)).toMatchObject({ zone: 'FR', source: 'simulated', trouble: null });
    expect(await (await run.describe()).staticSummary()).toBe('Grid zone FR (France)');
  });
});

describe('W-133: steering through the zones\' own runs', () => {
  test('a surplus opens absorb with a run of its own', async () => {
    const { status, json } = await operator('/demo/simulate/trigger_curtailment', { zone: 'IT', kind: 'absorb', duration_s: 120 });
    expect([status, json.event_id]).toEqual([202, expect.stringMatching(/^absorb-\d{8}T\d{6}Z$/)]);
    const event = await customer(`/grid-events/IT/${json.event_id}`);
    expect(event).toMatchObject({ kind: 'absorb', cause: 'detected', open: true });
    await expect.poll(async () => (await system.temporal.workflow.getHandle(gridEventWorkflowId('IT', json.event_id)).describe()).status.name).toBe('RUNNING');
    expect(await customer('/zones/IT')).toMatchObject({ open_events: [json.event_id] });
  });

  test('a shed binds at once and its run is told when it is closed', async () => {
    const { json } = await operator('/api/v1/zones/ES/events', { kind: 'shed', duration_s: 600, target_percent: 100, reason: 'test' });
    await expect.poll(async () => (await customer(`/grid-events/ES/${json.id}`)).history.length, { timeout: 15_000 }).toBeGreaterThan(1);
    expect((await operator(`/api/v1/grid-events/ES/${json.id}/close`, {})).status).toBe(200);
    await expect.poll(async () => (await customer(`/grid-events/ES/${json.id}`)).state, { timeout: 15_000 }).toBe('RESOLVED');
  });
});
