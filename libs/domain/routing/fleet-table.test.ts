import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microUsdPerMwh } from '#domain/quantities/quantities';
import { sampleNode, sampleNodes, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { AWAY, fleetTable, NO_SIGNAL } from './fleet-table.ts';
import { EXACT_UP_TO_GPUS } from './score.ts';
import type { NodeOffer } from './types.ts';
import type { NodeState } from './words.ts';

const h100 = (slug: string, over: Partial<NodeOffer> = {}) => sampleNode(slug, { zone: 'FR', ...over });

describe('classes of the table', () => {
  test('the sample fleet: nodes that share zone and hardware are one class', () => {
    const table = fleetTable([...sampleNodes(), h100('fr-paris-2', { pueE4: sampleNode('fr-paris-1').pueE4 })], sampleZones());
    expect(table.classes).toHaveLength(14);
    expect(table.classes.find(({ from, to }) => to - from === 2)).toMatchObject({ gpuModel: 'h100-sxm-80', gpus: 8, ownerKind: 'owner_datacenter', speedE3: 1_000 });
  });

  test.each<[string, Partial<NodeOffer>]>([
    ['zone', { zone: 'DE' }], ['GPU model', { gpuModel: 'h200-sxm-141' }], ['memory', { gpuMemoryGb: 40 }], ['number of GPUs', { gpus: 4 }], ['owner kind', { ownerKind: 'owner_gamer' }],
    ['speed', { speedE3: 900 }], ['adder', { energyAdderMicroUsdPerMwh: microUsdPerMwh(1n) }],
  ])('another %s is another class', (_name, over) => expect(fleetTable([h100('a'), h100('b', over)], sampleZones()).classes).toHaveLength(2));

  test.each<[string, Partial<NodeOffer>]>([['trust', { trust: 1 }], ['rental price', { priceMicroUsdPerGpuHour: sampleNode('us-tx-1').priceMicroUsdPerGpuHour }], ['reservations', { gpusReserved: 8 }], ['state', { state: 'silent' }]])(
    'another %s is the same class', (_name, over) => expect(fleetTable([h100('a'), h100('b', over)], sampleZones()).classes).toHaveLength(1));

  test('prices are the zone’s with the node’s adder; without a signal they are unknown, not 0', () => {
    const adder = { energyAdderMicroUsdPerMwh: microUsdPerMwh(2_500_000n) };
    const table = fleetTable([h100('a', adder), h100('b', { zone: 'DE' })], [sampleZone('FR', 60, 70), sampleZone('DE', 0, 0, { signal: null })]);
    expect(table.classes.map(({ zone, priceMicroUsdPerMwh, intensityMgPerKwh }) => [zone!.zone, priceMicroUsdPerMwh, intensityMgPerKwh])).toEqual([['DE', Number.NaN, Number.NaN], ['FR', 72_500_000, 60_000]]);
  });

  test('a zone that nobody watches is null, and stands past the last', () => {
    const [moon] = fleetTable([h100('a', { zone: 'MOON' })], sampleZones()).classes;
    expect(moon).toMatchObject({ zone: null, zoneIndex: 11 });
  });
});

describe('standing and free GPUs', () => {
  test.each<[NodeState, number, number]>([
    ['online', 0, 5], ['degraded', 1, -1], ['provisioning', AWAY, -1], ['draining', AWAY, -1], ['silent', AWAY, -1], ['offline', AWAY, -1], ['quarantined', AWAY, -1], ['retired', AWAY, -1],
  ])('%s stands at %s', (state, stands, free) => {
    const table = fleetTable([h100('a', { state, gpusReserved: 3 })], sampleZones());
    expect([table.standing[0], table.free[0]]).toEqual([stands, free]);
  });

  test.each([['online', NO_SIGNAL], ['degraded', NO_SIGNAL + 1], ['silent', AWAY]] as const)('%s without a signal stands at %s', (state, stands) => {
    expect(fleetTable([h100('a', { state })], [sampleZone('FR', 0, 0, { signal: null })]).standing[0]).toBe(stands);
  });

  test.each([0, EXACT_UP_TO_GPUS + 1])('a node of %s GPUs is refused: its score would not be exact', (gpus) => {
    expect(() => fleetTable([h100('a', { gpus })], sampleZones())).toThrow(RangeError);
  });
});

const fleets = fc.array(fc.record({ zone: fc.constantFrom('FR', 'DE', 'GB'), gpus: fc.constantFrom(1, 4, 8), used: fc.nat(8), state: fc.constantFrom<NodeState>('online', 'degraded', 'offline') }), { maxLength: 25 })
  .map((rows) => rows.map(({ zone, gpus, used, state }, i) => h100(`n-${i}`, { zone, gpus, gpusReserved: Math.min(gpus, used), state })));

test('every node stands in one class, the emptiest first, and is found by its slug', () => {
  fc.assert(fc.property(fleets, (nodes) => {
    const table = fleetTable(nodes, sampleZones());
    expect(table.nodes.map(({ slug }) => slug).toSorted()).toEqual(nodes.map(({ slug }) => slug).toSorted());
    table.classes.forEach(({ from, to }, c) => {
      for (let i = from; i < to; i += 1) {
        expect(table.class[i]).toBe(c);
        expect(table.bySlug.get(table.nodes[i]!.slug)).toBe(i);
        expect(table.utilisation[i]).toBe(table.nodes[i]!.gpusReserved / table.nodes[i]!.gpus);
        if (i > from) expect(table.free[i]!).toBeLessThanOrEqual(table.free[i - 1]!);
      }
    });
  }), { numRuns: 300 });
});

test('the same nodes in another order make the same table', () => {
  fc.assert(fc.property(fleets, (nodes) => {
    expect(fleetTable(nodes.toReversed(), sampleZones())).toEqual(fleetTable(nodes, sampleZones()));
  }), { numRuns: 200 });
});
