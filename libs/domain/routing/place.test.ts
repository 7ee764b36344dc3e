import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, sampleAsk, sampleForecast, sampleNodes, samplePlace, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { fleetInputs } from './inputs.ts';
import { place } from './place.ts';
import { namedPolicy } from './policy.ts';
import type { WorkAsk, ZoneView } from './types.ts';

const asked = (over: Partial<WorkAsk>, rest: Parameters<typeof samplePlace>[0] = {}) => place(samplePlace({ ask: sampleAsk(over), ...rest }));
const zonesWith = (...changed: ZoneView[]) => sampleZones().map((view) => changed.find(({ zone }) => zone === view.zone) ?? view);

describe('W-66: first placement', () => {
  test('takes the lowest expected objective; all 14 nodes are accounted for (W-155)', () => {
    const { outcome, document } = asked({});
    expect(outcome).toEqual({ do: 'place', nodes: ['fr-paris-1', 'pt-sines-1', 'es-madrid-1', 'be-brussels-1', 'de-frankfurt-1'] });
    expect(document).toMatchObject({ kind: 'place', outcome: 'place', reason: 'lowest_expected_objective', excluded: { gpu_memory: 6, residency: 3 } });
    expect(document.candidates.length + document.excluded_sample.length).toBe(14);
    expect([document.winner?.node, document.runner_up?.node, document.baseline?.node]).toEqual(['fr-paris-1', 'pt-sines-1', 'de-frankfurt-1']);
  });

  test('looks over the whole work: dear now, cheap for the nine hours after', () => {
    const zones = zonesWith(sampleZone('FR', 300, 70, { forecast: sampleForecast(60, 70) }), sampleZone('PT', 150, 65, { forecast: sampleForecast(160, 65) }));
    const { document } = asked({ policy: namedPolicy('balanced', { maxMoves: 0 }) }, { zones });
    expect(document.winner?.node).toBe('fr-paris-1');
    expect(Number(document.candidates[0]!.score)).toBeGreaterThan(Number(document.candidates.find(({ node }) => node === 'pt-sines-1')!.score));
  });

  test('counts the moves that can follow: starts where it is cheap for a while', () => {
    const zones = zonesWith(sampleZone('PT', 10, 10, { forecast: sampleForecast([...Array<number>(4).fill(10), ...Array<number>(60).fill(900)], 65) }));
    expect(asked({}, { zones }).document.winner?.node).toBe('pt-sines-1');
    expect(asked({}, { zones }).document.plan).toEqual([{ hour: 0, zone: 'PT' }, { hour: 5, zone: 'FR' }]);
    expect(asked({ policy: namedPolicy('balanced', { maxMoves: 0 }) }, { zones }).document.winner?.node).toBe('fr-paris-1');
    expect(asked({ checkpoint: { supported: false, sizeGb: 0, intervalS: 300 } }, { zones }).document.winner?.node, 'no checkpoints, no moves').toBe('fr-paris-1');
  });

  test('without any forecast by score alone', () => {
    const { document } = asked({}, { zones: sampleZones(false) });
    expect(document).toMatchObject({ reason: 'lowest_score', winner: { node: 'fr-paris-1' }, plan: [] });
    expect(document.candidates.map(({ objective }) => objective)).toEqual([null, null, null, null, null]);
    expect(document.candidates.map(({ score }) => score)).toEqual(document.candidates.map(({ score }) => score).sort());
  });

  test('`carbon` takes the fewest grams when no later move can pay', () => {
    const { document } = asked({ policy: namedPolicy('carbon'), remainingUnits: 1_200 });
    const grams = document.candidates.map(({ expected_ng }) => BigInt(expected_ng!));
    expect(BigInt(document.winner!.expected_ng!)).toBe(grams.reduce((a, b) => (b < a ? b : a)));
    expect(document.policy).toMatchObject({ carbon_price_usd_per_tonne: null, objective_unit: 'ng' });
  });

  test('`cost` takes the cheapest power, whatever it emits', () => {
    const zones = zonesWith(sampleZone('DE', 900, 1, { forecast: sampleForecast(900, 1) }));
    expect(asked({ policy: namedPolicy('cost') }, { zones }).document.winner?.node).toBe('de-frankfurt-1');
  });

  test('of two like nodes in a zone the emptier one, by its score', () => {
    const nodes = [...sampleNodes().map((node) => ({ ...node, gpusReserved: node.slug === 'fr-paris-1' ? 4 : 0 })), { ...sampleNodes()[0]!, slug: 'fr-paris-2', id: 'id-2', gpusReserved: 0 }];
    expect(asked({ policy: namedPolicy('balanced') }, { nodes, zones: sampleZones(false) }).outcome).toMatchObject({ nodes: ['fr-paris-2', 'fr-paris-1', expect.any(String), expect.any(String), expect.any(String), expect.any(String)] });
  });
});

describe('what places less', () => {
  test('W-171: full EU nodes queue, with exclusions, and never a US node', () => {
    const nodes = sampleNodes().map((node) => ({ ...node, gpusReserved: node.gpus }));
    const { outcome, document } = asked({}, { nodes });
    expect(outcome).toEqual({ do: 'queue' });
    expect(document).toMatchObject({ outcome: 'queue', winner: null, runner_up: null, excluded: { gpu_memory: 6, residency: 3, capacity: 5 } });
    expect(document.baseline, 'the home zone even so').toMatchObject({ zone: 'DE', node: 'de-frankfurt-1' });
  });

  test('W-64: without any signal price and slug decide, flagged and without grams', () => {
    const { document } = asked({}, { zones: sampleZones().map((zone) => ({ ...zone, signal: null })) });
    expect(document).toMatchObject({ carbon_unknown: true, reason: 'price_without_signal', winner: { node: 'es-madrid-1', expected_ng: null } });
    expect(document.candidates.map(({ node }) => node)).toEqual(['es-madrid-1', 'be-brussels-1', 'pt-sines-1', 'fr-paris-1', 'de-frankfurt-1']);
    expect(document.candidates[0]).toMatchObject({ score: null, intensity: null, price: null, quality: null, signal_refs: [] });
  });

  test('a fallback signal places (W-41)', () => {
    const stale = sampleZones().map((zone) => ({ ...zone, signal: { ...zone.signal!, quality: 'fallback' as const, fresh: false } }));
    expect(asked({}, { zones: stale }).outcome).toMatchObject({ do: 'place' });
  });

  test.each([
    ['money', { microUsd: 24_100_000n }, 4], ['energy', { energyMj: 26_000_000_000n }, 2], ['grams', { ng: 500_000_000_000n }, 4], ['enough of all', { microUsd: 10n ** 9n, energyMj: 10n ** 12n, ng: 10n ** 14n }, 0],
  ])('budget: too little %s', (_name, budgetLeft, beyond) => {
    const { document } = asked({ budgetLeft });
    expect(document.excluded.budget ?? 0).toBe(beyond);
    expect(document.candidates).toHaveLength(5 - beyond);
    expect(document.excluded_sample.filter(({ constraint }) => constraint === 'budget')).toHaveLength(beyond);
  });

  test('not before its time', () => {
    const notBeforeMs = NOW + 3_600_000;
    expect(asked({ schedule: { flexible: false, notBeforeMs } }).outcome).toEqual({ do: 'wait', startsByMs: notBeforeMs, bestStartMs: notBeforeMs });
    expect(asked({ schedule: { flexible: false, notBeforeMs: NOW } }).outcome.do).toBe('place');
  });

  test('the home zone has no such hardware: no baseline, with a reason', () => {
    const { document } = asked({ homeZone: 'NL' });
    expect([document.baseline, document.baseline_reason]).toEqual([null, 'no node in NL has these GPUs']);
  });
});

describe('the kinds of placement', () => {
  test.each(['replace', 'request', 'event'] as const)('%s is stored as such', (kind) => {
    expect(place(samplePlace({ kind, trigger: `because of ${kind}`, shadowOf: 'd-0' })).document).toMatchObject({ kind, trigger: `because of ${kind}`, shadow_of: 'd-0' });
  });

  test('a restored work counts its restore', () => {
    const [first, again] = [asked({}), asked({ restores: true })].map(({ document }) => Date.parse(document.candidates[0]!.expected_end));
    expect(again! - first!, '20.5 node seconds at 60 a second, rounded up').toBe(342);
  });
});

describe('determinism', () => {
  test('shuffled nodes and zones: the same document and the same inputs to hash', () => {
    const whole = samplePlace();
    const expected = place(whole);
    const shuffle = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
    fc.assert(fc.property(shuffle(whole.nodes), shuffle(whole.zones), (nodes, zones) => {
      const again = place({ ...whole, nodes, zones });
      expect(again.document).toEqual(expected.document);
      expect(JSON.stringify(fleetInputs(again.inputs))).toBe(JSON.stringify(fleetInputs(expected.inputs)));
    }), { numRuns: 50 });
  });
});
