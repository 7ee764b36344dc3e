import { describe, expect, test } from 'vitest';
import { microUsdPerMwh } from '#domain/quantities/quantities';
import { sampleAsk, sampleNode, samplePlace, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { recompute, withInputsHash } from './decision.ts';
import { place } from './place.ts';

const MEMBERS = ['id', 'workload_id', 'org_id', 'kind', 'trigger', 'decided_at', 'policy', 'remaining', 'candidates', 'excluded', 'excluded_sample', 'winner', 'runner_up',
  'baseline', 'current', 'improvement', 'needed', 'net_gain', 'move_cost', 'plan', 'moves_used', 'outcome', 'reason', 'carbon_unknown', 'shadow_of', 'code_version', 'inputs_sha256'];

describe('W-76: the document', () => {
  const { document } = place(samplePlace());

  test('has every member, as plain JSON', () => {
    expect(Object.keys(document)).toEqual(expect.arrayContaining(MEMBERS));
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('says the policy in force and its carbon price', () => {
    expect(document.policy).toEqual({
      name: 'balanced', version: 1, weights: { w_c: '0.6', w_p: '0.3', w_u: '0.1' }, basis: 'average_lifecycle', threshold: '0.25', max_moves: 5, window: 3,
      carbon_price_usd_per_tonne: '400', objective_unit: 'micro_usd',
    });
  });

  test('shows a candidate for readers and for recomputing', () => {
    expect(document.candidates[0]).toEqual({
      node: 'fr-paris-1', zone: 'FR', score: '0.282000', parts: { carbon: '0.072000', price: '0.210000', utilisation: '0.000000' },
      intensity: { value: '60', unit: 'gCO2e/kWh' }, price: { value: '70', unit: 'USD/MWh' }, price_micro_usd_per_mwh: '70000000', reserved: 0, gpus: 8, utilisation: '0',
      trust: '0.9', signal_refs: [expect.stringMatching(/^[0-9a-f]{64}$/), 'b'.repeat(64)], quality: 'preliminary', objective: '780657',
      expected_ng: '498291780000', expected_micro_usd: '24581340', expected_end: '2026-01-15T12:10:00.000Z',
    });
  });

  test('shows grams and dollars of all sides, also when they conflict (W-77)', () => {
    expect([document.winner, document.runner_up, document.baseline]).toEqual([
      { node: 'fr-paris-1', zone: 'FR', expected_ng: '498291780000', expected_micro_usd: '24581340' },
      { node: 'pt-sines-1', zone: 'PT', expected_ng: '1294114304000', expected_micro_usd: '24025734' },
      { node: 'de-frankfurt-1', zone: 'DE', expected_ng: '3466377600000', expected_micro_usd: '26779935' },
    ]);
  });

  test('prices finer than three decimals are shown rounded and kept whole', () => {
    const nodes = [sampleNode('fr-paris-1', { energyAdderMicroUsdPerMwh: microUsdPerMwh(1_500n) })];
    const [one] = place(samplePlace({ nodes, zones: sampleZones() })).document.candidates;
    expect([one!.price?.value, one!.price_micro_usd_per_mwh]).toEqual(['70.002', '70001500']);
  });

  test('a baseline that could not take the work is estimated all the same', () => {
    const nodes = samplePlace().nodes.map((node) => (node.zone === 'DE' ? { ...node, state: 'offline' as const } : node));
    expect(place(samplePlace({ nodes })).document.baseline).toEqual(document.baseline);
  });
});

describe('W-76: sizes', () => {
  const crowd = (n: number, slug: (i: number) => string = (i) => `node-${i}`) => Array.from({ length: n }, (_, i) => sampleNode(slug(i), { trust: i % 1_000 }));

  test('above 100 candidates the best 100 and a count', () => {
    const { document } = place(samplePlace({ nodes: crowd(250) }));
    expect([document.candidates_total, document.candidates.length <= 100, document.candidates[0]?.node]).toEqual([250, true, document.winner?.node]);
  });

  test.each([['short names', (i: number) => `n${i}`], ['names of 63 letters', (i: number) => `n${i}`.padEnd(63, 'x')], ['names of more than a byte a letter', (i: number) => `n${i}`.padEnd(63, '語')]])(
    'never above 64 KiB: %s', (_name, slug) => {
      const { document } = place(samplePlace({ nodes: crowd(1_000, slug) }));
      const size = Buffer.byteLength(JSON.stringify(withInputsHash(document, 'f'.repeat(64))));
      expect(size).toBeLessThanOrEqual(65_536);
      expect(size, 'and no candidate is left out that fits').toBeGreaterThan(35_000);
      expect(document.excluded_sample.length).toBeLessThanOrEqual(50);
    });

  test('at most 50 excluded nodes are named, all are counted', () => {
    const { document } = place(samplePlace({ nodes: crowd(250), ask: sampleAsk({ gpuMemoryGb: 192 }) }));
    expect([document.excluded, document.excluded_sample.length]).toEqual([{ gpu_memory: 250 }, 50]);
  });
});

describe('W-77: the hash of what was read', () => {
  test('is put where the document keeps it', () => {
    const { document } = place(samplePlace());
    expect(document.inputs_sha256).toBe('');
    expect(withInputsHash(document, 'ab')).toEqual({ ...document, inputs_sha256: 'ab' });
  });
});

describe('W-77: a stored decision computes again', () => {
  const stored = place(samplePlace()).document;

  test('to the same scores and the same winner', () => expect(recompute(stored)).toEqual({ wrongScores: [], first: 'fr-paris-1' }));

  test.each([
    ['a score', { score: '0.282001' }], ['the intensity', { intensity: { value: '60.001', unit: 'gCO2e/kWh' as const } }], ['the price', { price_micro_usd_per_mwh: '70001000' }], ['the use', { reserved: 1 }],
  ])('not with %s altered', (_name, over) => {
    const altered = { ...stored, candidates: stored.candidates.map((one, i) => (i === 0 ? { ...one, ...over } : one)) };
    expect(recompute(altered).wrongScores).toEqual(['fr-paris-1']);
  });

  test('nor to the same winner with an objective altered', () => {
    const altered = { ...stored, candidates: stored.candidates.map((one, i) => (i === 2 ? { ...one, objective: '1' } : one)) };
    expect(recompute(altered).first).toBe('es-madrid-1');
  });
});
