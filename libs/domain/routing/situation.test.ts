import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microUsd, microUsdPerMwh } from '#domain/quantities/quantities';
import { sampleAsk, sampleInput, sampleNode, sampleNodes, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { estimateStay } from './estimate.ts';
import { compareCandidates, priceOf, situationOf, stayOf, type Candidate } from './situation.ts';
import type { RoutingInput } from './contract.ts';
import type { NodeOffer, WorkAsk } from './types.ts';

const input = (ask: Partial<WorkAsk> = {}, over: Partial<RoutingInput> = {}): RoutingInput => ({ ...sampleInput(), ask: sampleAsk(ask), ...over });
const slugs = (list: readonly Candidate[]) => list.map(({ node }) => node.slug).toSorted();
const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

describe('a situation', () => {
  test('the sample order: 80 GB inside the EU fit on five nodes, the other nine say why not', () => {
    const { candidates, current, excluded, excludedSample, carbonUnknown } = situationOf(input());
    expect(slugs(candidates)).toEqual(['be-brussels-1', 'de-frankfurt-1', 'es-madrid-1', 'fr-paris-1', 'pt-sines-1']);
    expect([current, carbonUnknown]).toEqual([null, false]);
    expect(total(excluded as Record<string, number>)).toBe(9);
    expect(excludedSample.map(({ node }) => node).toSorted()).toEqual(sampleNodes().map(({ slug }) => slug).filter((slug) => !slugs(candidates).includes(slug)).toSorted());
  });

  test('every candidate has its hours, its site and its score; an objective is for those who plan', () => {
    for (const { node, hours, site, scoreE6, objective } of situationOf(input()).candidates) {
      expect(hours!.view.zone).toBe(node.zone);
      expect(site!.node).toBe(node);
      expect(scoreE6).toBeGreaterThan(0);
      expect(objective).toBeNull();
    }
  });

  test('the node where the work is stands apart, not among those where it could go', () => {
    const { candidates, current, excluded } = situationOf(input({ current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } }));
    expect(current!.node.slug).toBe('fr-paris-1');
    expect(slugs(candidates)).toEqual(['be-brussels-1', 'de-frankfurt-1', 'es-madrid-1', 'pt-sines-1']);
    expect(candidates.length + 1 + total(excluded as Record<string, number>)).toBe(14);
  });

  test('its own node counts under no constraint, also where it would not be chosen', () => {
    const { current, excluded, excludedSample } = situationOf(input({ current: { nodeSlug: 'gb-london-1', unitsSinceCheckpoint: 0 } }));
    expect(current!.node.slug).toBe('gb-london-1');
    expect(excludedSample.map(({ node }) => node)).not.toContain('gb-london-1');
    expect(total(excluded as Record<string, number>)).toBe(8);
  });

  test('work on a node that was not handed in is a mistake of the caller, and named', () => {
    expect(() => situationOf(input({ current: { nodeSlug: 'elsewhere-1', unitsSinceCheckpoint: 0 } }))).toThrow(/runs on elsewhere-1, which is not among the nodes/);
  });
});

describe('W-62: the budget that is left', () => {
  const stay = (slug: string) => {
    const { input: one, hoursOf } = situationOf(input());
    const node = sampleNode(slug);
    return estimateStay(node, one.ask, hoursOf(node.zone), one.time);
  };

  test('whoever is expected to need more is beyond it; exactly as much still fits', () => {
    const { totalMicroUsd } = stay('es-madrid-1');
    const fits = (left: bigint) => slugs(situationOf(input({ budgetLeft: { microUsd: left } })).candidates).includes('es-madrid-1');
    expect([fits(totalMicroUsd), fits(totalMicroUsd - 1n)]).toEqual([true, false]);
  });

  test.each(['energyMj', 'ng'] as const)('the same in %s', (unit) => {
    const need = stay('es-madrid-1')[unit]!;
    const fits = (left: bigint) => slugs(situationOf(input({ budgetLeft: { [unit]: left } })).candidates).includes('es-madrid-1');
    expect([fits(need), fits(need - 1n)]).toEqual([true, false]);
  });

  test('those beyond it are counted and named as `budget`', () => {
    const { candidates, excluded, excludedSample } = situationOf(input({ budgetLeft: { microUsd: 0n } }));
    expect(candidates).toEqual([]);
    expect(excluded.budget).toBe(5);
    expect(excludedSample.filter(({ constraint }) => constraint === 'budget')).toHaveLength(5);
  });
});

describe('W-64: without any signal', () => {
  const dark = sampleZones().map(({ zone }) => sampleZone(zone, 0, 0, { signal: null }));

  test('nothing is scored and nothing taken to be 0; the rental price orders, then the slug', () => {
    const situation = situationOf(input({}, { zones: dark }));
    expect(situation.carbonUnknown).toBe(true);
    for (const one of situation.candidates) expect([one.hours, one.site, one.scoreE6, priceOf(one)]).toEqual([null, null, null, null]);
    const order = situation.candidates.toSorted(compareCandidates(situation)).map(({ node }) => node.slug);
    expect(order).toEqual(['es-madrid-1', 'be-brussels-1', 'pt-sines-1', 'fr-paris-1', 'de-frankfurt-1']);
  });

  test('what a stay costs is known but for its power, and its grams are unknown', () => {
    const { candidates, input: one } = situationOf(input({}, { zones: dark }));
    expect(candidates.map((candidate) => stayOf(candidate, one).ng)).toEqual([null, null, null, null, null]);
  });
});

describe('W-59, W-66: the order of candidates', () => {
  const situation = situationOf(input());
  const [first] = situation.candidates as [Candidate];
  const order = compareCandidates(situation);

  test.each<[string, Partial<Candidate>, Partial<Candidate>]>([
    ['the lesser objective', { objective: 1 }, { objective: 2 }],
    ['of equal objective the lesser score', { objective: 1, scoreE6: 5 }, { objective: 1, scoreE6: 6 }],
    ['an objective before any score', { objective: 1, scoreE6: 9 }, { objective: 2, scoreE6: 1 }],
    ['a tie goes by the price of power', { node: { ...first.node, energyAdderMicroUsdPerMwh: microUsdPerMwh(0n) } }, { node: { ...first.node, energyAdderMicroUsdPerMwh: microUsdPerMwh(1n) } }],
    ['then by use', { node: { ...first.node, gpusReserved: 0 } }, { node: { ...first.node, gpusReserved: 1 } }],
    ['then by trust', { node: { ...first.node, trust: 900 } }, { node: { ...first.node, trust: 899 } }],
    ['in the end by slug', { node: { ...first.node, slug: 'a' } }, { node: { ...first.node, slug: 'b' } }],
  ])('%s comes first', (_name, better, worse) => {
    expect(order({ ...first, ...better }, { ...first, ...worse })).toBeLessThan(0);
    expect(order({ ...first, ...worse }, { ...first, ...better })).toBeGreaterThan(0);
  });

  test('it is an order: no two candidates are equal, and it turns with its arguments', () => {
    for (const a of situation.candidates) for (const b of situation.candidates) expect(Math.sign(order(a, b)) + Math.sign(order(b, a))).toBe(0);
    expect(situation.candidates.filter((a) => situation.candidates.some((b) => a !== b && order(a, b) === 0))).toEqual([]);
  });
});

test('whatever is asked, every node is a candidate, the present one, or excluded, once', () => {
  const asks = fc.record({ gpuCount: fc.constantFrom(1, 4, 8), gpuMemoryGb: fc.constantFrom(16, 80, 141), left: fc.option(fc.bigInt(0n, 60_000_000n), { nil: undefined }), on: fc.option(fc.constantFrom(...sampleNodes().map(({ slug }) => slug)), { nil: undefined }) });
  const prices = fc.array(fc.bigInt(1n, 5_000_000n), { minLength: 14, maxLength: 14 });
  fc.assert(fc.property(asks, prices, ({ left, on, ...ask }, rental) => {
    const nodes = sampleNodes().map((node, i): NodeOffer => ({ ...node, priceMicroUsdPerGpuHour: microUsd(rental[i]!) }));
    const { candidates, current, excluded, excludedSample } = situationOf(input({
      ...ask, constraints: { residency: 'any' }, ...(left !== undefined && { budgetLeft: { microUsd: left } }), ...(on !== undefined && { current: { nodeSlug: on, unitsSinceCheckpoint: 0 } }),
    }, { nodes }));
    const named = [...slugs(candidates), ...(current ? [current.node.slug] : []), ...excludedSample.map(({ node }) => node)];
    expect(named.toSorted()).toEqual(nodes.map(({ slug }) => slug).toSorted());
    expect(candidates.length + Number(current !== null) + total(excluded as Record<string, number>)).toBe(14);
  }), { numRuns: 300 });
});
