import { describe, expect, test } from 'vitest';
import { microUsd } from '#domain/quantities/quantities';
import { NOW, sampleAsk, sampleNodes, samplePlace, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { fleetTable } from './fleet-table.ts';
import { place } from './place.ts';
import { everPossible, quote } from './quote.ts';
import type { WorkAsk } from './types.ts';
import type { NodeState } from './words.ts';

describe('W-81: quote', () => {
  test('the three best with grams, dollars, energy and end, in the order of a placement', () => {
    const { candidates, excluded } = quote(samplePlace());
    expect(candidates.map(({ node }) => node)).toEqual(place(samplePlace()).document.candidates.slice(0, 3).map(({ node }) => node));
    expect(candidates[0]).toEqual({
      node: 'fr-paris-1', zone: 'FR', expected_ng: '498291780000', expected_micro_usd: '24581340', energy_mj: '25997832000', expected_end: '2026-01-15T12:10:00.000Z',
    });
    expect(excluded).toEqual({ gpu_memory: 6, residency: 3 });
  });

  test('nobody fits: no candidates, all exclusions', () => {
    expect(quote(samplePlace({ ask: sampleAsk({ gpuMemoryGb: 192 }) }))).toEqual({ candidates: [], excluded: { gpu_memory: 14 }, carbon_unknown: false });
  });

  test('without signals grams are null, not 0', () => {
    const blind = quote(samplePlace({ zones: sampleZones().map((zone) => ({ ...zone, signal: null })) }));
    expect([blind.carbon_unknown, blind.candidates[0]?.expected_ng]).toEqual([true, null]);
  });
});

describe('W-62: what no node could ever meet', () => {
  const ever = (ask: Partial<WorkAsk>, nodes = sampleNodes(), zones = sampleZones()) => {
    const { nodes: able, excluded } = everPossible(fleetTable(nodes, zones), sampleAsk(ask), samplePlace().time);
    return { possible: able.length, excluded };
  };

  test.each<[string, Partial<WorkAsk>, number, Record<string, number>]>([
    ['a zone outside the residency', { gpuMemoryGb: 16, constraints: { residency: 'EU', zones: ['GB'] } }, 0, { residency: 4, zone: 10 }],
    ['nine GPUs', { gpuMemoryGb: 16, gpuCount: 9, constraints: { residency: 'any' } }, 0, { capacity: 14 }],
    ['a card that nobody has', { gpuModel: 'abacus-1', constraints: { residency: 'any' } }, 0, { gpu_model: 14 }],
    ['owners of another kind', { constraints: { residency: 'EU', ownerKinds: ['owner_gamer'] } }, 0, { gpu_memory: 6, residency: 3, owner_kind: 5 }],
    ['a rental below every price', { constraints: { residency: 'EU', maxMicroUsdPerGpuHour: microUsd(1n) } }, 0, { gpu_memory: 6, residency: 3, price_ceiling: 5 }],
    ['a deadline in two seconds', { schedule: { flexible: false, deadlineMs: NOW + 2_000 } }, 0, { gpu_memory: 6, residency: 3, deadline: 5 }],
    ['what fits', {}, 5, { gpu_memory: 6, residency: 3 }],
  ])('%s', (_name, ask, possible, excluded) => expect(ever(ask)).toEqual({ possible, excluded }));

  test.each<[string, Partial<ReturnType<typeof sampleNodes>[number]>]>([
    ['all GPUs are taken', { gpusReserved: 8 }], ['silent', { state: 'silent' }], ['quarantined', { state: 'quarantined' }], ['little trusted', { trust: 0 }],
  ])('what passes with time is no refusal: %s', (_name, over) => {
    const nodes = sampleNodes().map((node) => ({ ...node, ...over }));
    expect(ever({ constraints: { residency: 'EU', minTrust: 500 } }, nodes).possible).toBe(5);
  });

  test('a retired node is none', () => {
    expect(ever({}, sampleNodes().map((node) => ({ ...node, state: 'retired' as NodeState })))).toEqual({ possible: 0, excluded: {} });
  });

  test('an open shed is not for ever', () => {
    const zones = sampleZones().map((zone) => ({ ...zone, shed: true, signal: null }));
    expect(ever({}, sampleNodes(), zones).possible).toBe(5);
  });
});
