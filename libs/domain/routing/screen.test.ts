import { describe, expect, test } from 'vitest';
import { mgPerKwh, microUsd, microUsdPerMwh } from '#domain/quantities/quantities';
import { NOW, sampleAsk, sampleNode, sampleNodes, samplePlace, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { fleetTable } from './fleet-table.ts';
import { pick } from './pick.ts';
import { candidatesOf, constraintOf, slowestInTime } from './screen.ts';
import type { NodeOffer, WorkAsk, ZoneView } from './types.ts';

const { time } = samplePlace();
const anywhere = { residency: 'any' } as const;

function screened(ask: Partial<WorkAsk>, nodes: NodeOffer[] = sampleNodes(), zones: ZoneView[] = sampleZones()) {
  const table = fleetTable(nodes, zones);
  const picked = pick(table, sampleAsk({ gpuMemoryGb: 16, ...ask }), time);
  const slugs = candidatesOf(picked.screened).map((i) => table.nodes[i]!.slug);
  const why = Object.fromEntries(table.nodes.flatMap(({ slug }, i) => (picked.screened.codes[i] === 0 ? [] : [[slug, constraintOf(picked.screened.codes[i]!)]])));
  return { slugs, why, winner: table.nodes[picked.winner]?.slug ?? null, ...picked.screened };
}

const change = (slug: string, over: Partial<NodeOffer>) => sampleNodes().map((node) => (node.slug === slug ? { ...node, ...over } : node));

describe('W-62: each constraint by its name', () => {
  test.each<[string, Partial<WorkAsk>, Record<string, number>, number]>([
    ['nothing is asked', { constraints: anywhere }, {}, 14],
    ['gpu_model', { constraints: anywhere, gpuModel: 'l40s-48' }, { gpu_model: 12 }, 2],
    ['gpu_model that nobody has', { constraints: anywhere, gpuModel: 'abacus-1' }, { gpu_model: 14 }, 0],
    ['gpu_memory: 80 GB', { constraints: anywhere, gpuMemoryGb: 80 }, { gpu_memory: 6 }, 8],
    ['capacity: eight GPUs at once', { constraints: anywhere, gpuCount: 8 }, { capacity: 6 }, 8],
    ['residency EU', { constraints: { residency: 'EU' } }, { residency: 4 }, 10],
    ['residency UK', { constraints: { residency: 'UK' } }, { residency: 13 }, 1],
    ['residency US', { constraints: { residency: 'US' } }, { residency: 11 }, 3],
    ['zone: only these', { constraints: { ...anywhere, zones: ['FR', 'PT'] } }, { zone: 11 }, 3],
    ['zone: not these', { constraints: { ...anywhere, excludeZones: ['FR', 'PT'] } }, { zone: 3 }, 11],
    ['owner_kind', { constraints: { ...anywhere, ownerKinds: ['owner_gamer'] } }, { owner_kind: 10 }, 4],
    ['min_trust', { constraints: { ...anywhere, minTrust: 901 } }, { min_trust: 14 }, 0],
    ['price_ceiling of the rental', { constraints: { ...anywhere, maxMicroUsdPerGpuHour: microUsd(400_000n) } }, { price_ceiling: 10 }, 4],
    ['price_ceiling of the power', { constraints: { ...anywhere, maxPriceMicroUsdPerMwh: microUsdPerMwh(64_999_999n) } }, { price_ceiling: 9 }, 5],
    ['carbon_ceiling', { constraints: { ...anywhere, maxIntensityMgPerKwh: mgPerKwh(160_000n) } }, { carbon_ceiling: 10 }, 4],
    ['deadline: only an H100 or better is in time', { constraints: anywhere, schedule: { flexible: false, deadlineMs: NOW + 11.1 * 60_000 } }, { deadline: 8 }, 6],
    ['deadline: nobody is', { constraints: anywhere, schedule: { flexible: false, deadlineMs: NOW } }, { deadline: 14 }, 0],
  ])('%s', (_name, ask, excluded, fitting) => {
    const found = screened(ask);
    expect(found.excluded).toEqual(excluded);
    expect(found.slugs).toHaveLength(fitting);
    expect(found.fitting + Object.values(found.excluded).reduce((a, b) => a + b, 0), 'each node once').toBe(14);
  });

  test('capacity counts what is free now', () => {
    expect(screened({ gpuCount: 4 }, change('be-brussels-1', { gpusReserved: 1 })).why['be-brussels-1']).toBe('capacity');
    expect(screened({ gpuCount: 3 }, change('be-brussels-1', { gpusReserved: 1 })).slugs).toContain('be-brussels-1');
  });

  test.each(['provisioning', 'draining', 'silent', 'offline', 'quarantined', 'retired'] as const)('health: %s takes nothing', (state) => {
    expect(screened({}, change('fr-paris-1', { state })).why['fr-paris-1']).toBe('health');
  });

  test('event_shed excludes its zone, by its own name and before anything that may pass sooner', () => {
    const zones = sampleZones().map((zone) => (zone.zone === 'FR' ? { ...zone, shed: true } : zone));
    const found = screened({ gpuMemoryGb: 80, constraints: { residency: 'EU', zones: ['FR'] } }, change('fr-paris-1', { gpusReserved: 8 }), zones);
    expect(found.why['fr-paris-1']).toBe('event_shed');
    expect(found.slugs).toEqual([]);
  });

  test('a node whose zone nobody watches is excluded as `zone`', () => {
    expect(screened({}, [...sampleNodes(), sampleNode('moon-1', { zone: 'MOON' })]).why['moon-1']).toBe('zone');
  });

  test('the adder counts where the price does (W-10)', () => {
    const dear = change('fr-paris-1', { energyAdderMicroUsdPerMwh: microUsdPerMwh(1n) });
    const ceiling = { constraints: { ...anywhere, maxPriceMicroUsdPerMwh: microUsdPerMwh(70_000_000n) } };
    expect(screened(ceiling).slugs).toContain('fr-paris-1');
    expect(screened(ceiling, dear).why['fr-paris-1']).toBe('price_ceiling');
  });

  test('the GPUs that the work holds on its own node count as free', () => {
    const full = change('fr-paris-1', { gpusReserved: 8 });
    expect(screened({ gpuCount: 8, current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } }, full).slugs).toContain('fr-paris-1');
    expect(screened({ gpuCount: 8 }, full).why['fr-paris-1']).toBe('capacity');
  });

  test('a node of impossible size is refused with what to do', () => {
    expect(() => fleetTable([sampleNode('x', { gpus: 257 })], [])).toThrow('enter it as nodes of 1 to 256');
  });
});

describe('standing: degraded and without a signal', () => {
  const only = (zone: string) => ({ constraints: { ...anywhere, zones: [zone] }, gpuMemoryGb: 80 });

  test('degraded only if nothing else fits', () => {
    const degraded = change('fr-paris-1', { state: 'degraded' });
    expect(screened({ gpuMemoryGb: 80 }, degraded).why['fr-paris-1']).toBe('health');
    expect(screened(only('FR'), degraded)).toMatchObject({ slugs: ['fr-paris-1'], winner: 'fr-paris-1', carbonUnknown: false });
  });

  const blind = (...names: string[]) => sampleZones().map((zone) => (names.includes(zone.zone) ? { ...zone, signal: null } : zone));

  test('W-64: no_signal counts only when no candidate has a signal', () => {
    const found = screened({ gpuMemoryGb: 80 }, sampleNodes(), blind('FR'));
    expect([found.why['fr-paris-1'], found.carbonUnknown]).toEqual(['no_signal', false]);
  });

  test('W-64: then rental price, then slug decide, and it is flagged', () => {
    const all = sampleZones().map((zone) => ({ ...zone, signal: null }));
    expect(screened({ gpuMemoryGb: 80 }, sampleNodes(), all)).toMatchObject({ winner: 'es-madrid-1', carbonUnknown: true, excluded: { gpu_memory: 6, residency: 3 } });
    const level = sampleNodes().map((node) => ({ ...node, priceMicroUsdPerGpuHour: microUsd(1n) }));
    expect(screened({ gpuMemoryGb: 80 }, level, all).winner).toBe('be-brussels-1');
  });

  test('a degraded node with a signal comes before a healthy one without', () => {
    const found = screened({ ...only('FR'), constraints: { ...anywhere, zones: ['FR', 'PT'] } }, change('fr-paris-1', { state: 'degraded' }), blind('PT'));
    expect([found.slugs, found.why['pt-sines-1']]).toEqual([['fr-paris-1'], 'no_signal']);
  });

  test('ceilings do not judge a signal that is not there', () => {
    const all = sampleZones().map((zone) => ({ ...zone, signal: null }));
    expect(screened({ constraints: { ...anywhere, maxIntensityMgPerKwh: mgPerKwh(1n), maxPriceMicroUsdPerMwh: microUsdPerMwh(1n) } }, sampleNodes(), all).slugs).toHaveLength(14);
  });
});

describe('W-63: the deadline as a speed', () => {
  // 36,000 H100 seconds at 60 node seconds a second: ten minutes of wall time on one H100, after a restore of 20.5 node seconds.
  test.each([
    ['no deadline', undefined, 0], ['just in time on an H100: 1.1 × (600 s + 20.5 s ÷ 60)', 660_376, 1_000], ['a millisecond late', 660_375, 1_001],
    ['past', -1, Infinity],
  ])('%s', (_name, ms, speed) => {
    const deadlineMs = ms === undefined ? {} : { deadlineMs: NOW + ms };
    expect(slowestInTime(sampleAsk({ restores: true, schedule: { flexible: false, ...deadlineMs } }), time)).toBe(speed);
  });

  test('time counts from `not_before`', () => {
    const schedule = { flexible: false, deadlineMs: NOW + 3_600_000, notBeforeMs: NOW + 3_600_000 - 660_376 };
    expect(slowestInTime(sampleAsk({ restores: true, schedule }), time)).toBe(1_000);
  });

  test('the 12th zone takes part as a row', () => {
    const found = screened({ constraints: { ...anywhere, zones: ['NO'] } }, [...sampleNodes(), sampleNode('oslo-1', { zone: 'NO' })], [...sampleZones(), sampleZone('NO', 30, 40)]);
    expect(found.slugs).toEqual(['oslo-1']);
  });
});
