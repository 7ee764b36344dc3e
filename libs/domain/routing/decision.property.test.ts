import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecimal } from '#domain/quantities/decimal';
import { mgPerKwh, microUsdPerMwh } from '#domain/quantities/quantities';
import { NOW, sampleAsk, sampleForecast, sampleInput, sampleNode, sampleNodes, samplePlace, sampleZones } from '../../../test/conformance/routing-sample.ts';
import type { DecisionDocument } from './document.ts';
import { estimate } from './estimate.ts';
import { answerShed } from './leave.ts';
import { place } from './place.ts';
import { namedPolicy, type PolicyName } from './policy.ts';
import { reconsider } from './reconsider.ts';
import { situationOf } from './situation.ts';
import type { Decision, RoutingInput } from './contract.ts';
import type { NodeOffer, ZoneView } from './types.ts';
import type { WorkKind } from './words.ts';

const zone = fc.record({ g: fc.integer({ min: -40_000, max: 900_000 }), usd: fc.integer({ min: -80_000_000, max: 300_000_000 }), signal: fc.nat(9), ahead: fc.nat(3), fresh: fc.nat(9), shed: fc.nat(9) });
const node = fc.record({ used: fc.nat(8), trust: fc.nat(1_000), adder: fc.nat(5_000_001), state: fc.constantFrom<NodeOffer['state']>('online', 'online', 'online', 'degraded', 'silent') });
const inputs = fc.record({
  zones: fc.array(zone, { minLength: 11, maxLength: 11 }), nodes: fc.array(node, { minLength: 14, maxLength: 14 }), kind: fc.constantFrom<WorkKind>('training', 'render', 'embedding'), policy: fc.constantFrom<PolicyName>('balanced', 'carbon', 'cost'),
  units: fc.nat(90_000), on: fc.option(fc.nat(13)), home: fc.constantFrom('FR', 'DE', 'NL', 'MOON'), flexible: fc.boolean(), hours: fc.integer({ min: 0, max: 40 }), sizeGb: fc.nat(300),
}).map(({ zones, nodes, kind, policy, units, on, home, flexible, hours, sizeGb }): RoutingInput => {
  const views = sampleZones().map((view, i): ZoneView => {
    const { g, usd, signal, ahead, fresh, shed } = zones[i]!;
    const values = Array.from({ length: 12 }, (_, h) => Math.abs((g * (h + 7)) % 900));
    return {
      ...view, shed: shed === 0, forecast: ahead === 0 ? null : sampleForecast(values, values.map((value) => value / 3 - 60)),
      signal: signal === 0 ? null : { ...view.signal!, intensityMgPerKwh: mgPerKwh(BigInt(g)), priceMicroUsdPerMwh: microUsdPerMwh(BigInt(usd)), fresh: fresh > 0 },
    };
  });
  const offers = sampleNodes().map((one, i): NodeOffer => {
    const { used, trust, adder, state } = nodes[i]!;
    return { ...one, state, trust, gpusReserved: Math.max(i === on ? 1 : 0, Math.min(one.gpus, used)), energyAdderMicroUsdPerMwh: microUsdPerMwh(BigInt(adder)) };
  });
  return { ...sampleInput(), nodes: offers, zones: views, ask: sampleAsk({
    kind, homeZone: home, gpuMemoryGb: 24, remainingUnits: units, policy: namedPolicy(policy), checkpoint: { supported: true, sizeGb, intervalS: 300 }, current: on === null ? null : { nodeSlug: offers[on]!.slug, unitsSinceCheckpoint: units % 700 },
    schedule: { flexible, deadlineMs: NOW + hours * 60_000 }, constraints: { residency: 'any' },
  }) };
});
const decided = (input: RoutingInput): Decision[] =>
  (input.ask.current ? [reconsider(input), answerShed({ ...input, cause: 'shed', counts: true }), answerShed({ ...input, cause: 'force', counts: true })] : [place({ ...input, mayWait: true, waiting: false }), place({ ...input, mayWait: false, waiting: false })]);
const everyDocument = (check: (document: DecisionDocument, input: RoutingInput) => void, numRuns: number) => {
  fc.assert(fc.property(inputs, (input) => { for (const { document } of decided(input)) check(document, input); }), { numRuns });
};

/** Path and value of every leaf. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (value === null || typeof value !== 'object') return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, `${path}.${Array.isArray(value) ? '#' : key}`));
}
const FORMS: readonly (readonly [RegExp, RegExp])[] = [
  [/(_ng|\.ng|_mj|micro_usd|_micro_usd_per_mwh|\.objective|\.units)$/, /^(0|-?[1-9]\d*)$/], [/(\.score|\.parts\.\w+|\.improvement|\.needed)$/, /^-?\d+\.\d{6}$/],
  [/(\.(intensity|price)\.value|\.trust|\.threshold|\.weights\.\w+|\.saving)$/, /^-?\d+(\.\d{0,2}[1-9])?$/], [/\.#\.utilisation$/, /^(0|1|0\.\d{0,5}[1-9])$/], [/(decided_at|starts_by|best_start|expected_end)$/, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/],
  [/\.carbon_price_usd_per_tonne$/, /^\d+(\.\d{0,5}[1-9])?$/],
];
const COUNTS = /^\.(policy\.(version|max_moves|window)|candidates_total|candidates\.#\.(reserved|gpus)|excluded\.\w+|plan\.#\.hour|moves_used)$/;

describe('W-76: the form of every document', () => {
  test('is JSON, counts alone are numbers, quantities are whole and decimals as fine as they may be', () => {
    everyDocument((document) => {
      expect(JSON.parse(JSON.stringify(document))).toEqual(document);
      for (const [path, value] of leaves(document)) {
        if (typeof value === 'number') expect(path).toMatch(COUNTS);
        if (typeof value === 'string') for (const [of, form] of FORMS) if (of.test(path)) expect(value, path).toMatch(form);
      }
    }, 50);
  });

  test('each node is counted once: shown, or under one name; the named ones are no candidates', () => {
    everyDocument((document, { nodes }) => {
      const shown = document.candidates.map((one) => one.node);
      expect(document.candidates_total + Object.values(document.excluded).reduce((a, b) => a + b, 0)).toBe(nodes.length);
      expect([...shown, ...document.excluded_sample.map((one) => one.node)].toSorted()).toEqual(nodes.map(({ slug }) => slug).toSorted());
      const counted = Object.groupBy(document.excluded_sample, ({ constraint }) => constraint);
      expect(Object.fromEntries(Object.entries(counted).map(([name, list]) => [name, list!.length]))).toEqual(document.excluded);
    }, 50);
  });

  test('winner, runner-up, baseline and current are the nodes they say, with the figures of staying there', () => {
    everyDocument((document, { nodes, zones, ask, time }) => {
      const { winner, runner_up: second, baseline, current } = document;
      const sides = [winner, second, baseline, current].filter((one) => one !== null);
      for (const one of sides) {
        const offer = nodes.find(({ slug }) => slug === one.node)!;
        const stay = estimate(offer, ask, zones.find((view) => view.zone === offer.zone)!, time);
        expect([one.zone, one.expected_ng, one.expected_micro_usd]).toEqual([offer.zone, stay.ng === null ? null : String(stay.ng), String(stay.totalMicroUsd)]);
      }
      expect(current?.node).toBe(ask.current?.nodeSlug);
      if (winner) expect(second?.node).toBe(document.candidates.find((one) => one.node !== winner.node)?.node);
      if (baseline) expect([baseline.zone, document.baseline_reason]).toEqual([ask.homeZone, null]);
      else expect(document.baseline_reason).toBe(`no node in ${ask.homeZone} has these GPUs`);
    }, 40);
  });

  test('candidates stand by objective, then score; the parts make the score; what is unknown is null, never 0', () => {
    everyDocument((document, input) => {
      const e6 = (text: string | null) => Number(parseDecimal(text ?? '0', 6));
      document.candidates.forEach((one, i) => {
        const next = document.candidates[i + 1];
        if (next && one.score !== null && next.score !== null) expect(Number(one.objective) < Number(next.objective) || (one.objective === next.objective && e6(one.score) <= e6(next.score)), `${one.node} before ${next.node}`).toBe(true);
        if (one.parts) expect(Math.abs(e6(one.parts.carbon) + e6(one.parts.price) + e6(one.parts.utilisation) - e6(one.score))).toBeLessThanOrEqual(2);
        const dark = input.zones.find((view) => view.zone === one.zone)!.signal === null;
        expect([one.score, one.parts, one.intensity, one.price, one.quality, one.expected_ng].map((value) => value === null)).toEqual(Array<boolean>(6).fill(dark));
      });
    }, 40);
  });

  test('whoever has a signal has an objective, or nobody has: the node that is left among the others too', () => {
    everyDocument(({ candidates }) => {
      const known = candidates.filter(({ score }) => score !== null).map(({ objective }) => objective !== null);
      expect(new Set(known).size).toBeLessThanOrEqual(1);
    }, 40);
  });

  test('reading a document twice, or deciding twice, changes nothing; nor do the inputs', () => {
    fc.assert(fc.property(inputs, (input) => {
      const before = structuredClone(input);
      const [first, again] = [decided(input), decided(input)];
      expect(first.map(({ document }) => document)).toEqual(again.map(({ document }) => document));
      expect(first[0]!.document).toBe(first[0]!.document);
      expect(input).toEqual(before);
    }), { numRuns: 20 });
  });
});

describe('W-76: what is cut', () => {
  const crowd = (n: number, letters = 0) => Array.from({ length: n }, (_, i) => sampleNode(`${i}`.padEnd(letters, '語'), { trust: i, id: `${i}` }));
  test.each([[99, 99], [100, 100], [101, 100], [300, 100]])('%s candidates: at most the best %s, and the count of all', (n, most) => {
    const { document, outcome } = place(samplePlace({ nodes: crowd(n) }));
    const ranked = outcome.do === 'place' ? outcome.nodes : [];
    expect([document.candidates_total, ranked.length]).toEqual([n, n]);
    expect(document.candidates.length).toBeLessThanOrEqual(most);
    expect(document.candidates.length).toBeGreaterThan(most - 25);
    expect(document.candidates.map((one) => one.node)).toEqual(ranked.slice(0, document.candidates.length));
  });

  test('by bytes, as little as it takes: five more would not fit into 64 KiB', () => {
    fc.assert(fc.property(fc.integer({ min: 20, max: 110 }), (letters) => {
      const input = samplePlace({ nodes: crowd(150, letters) });
      const { document } = place(input);
      const bytes = (one: unknown) => Buffer.byteLength(JSON.stringify(one));
      expect(bytes({ ...document, inputs_sha256: 'f'.repeat(64) })).toBeLessThanOrEqual(65_536);
      const average = bytes(document.candidates) / document.candidates.length;
      if (document.candidates.length < 100) expect(bytes(document) + 6 * average).toBeGreaterThan(65_536 - 64);
      expect(situationOf(input).candidates).toHaveLength(150);
    }), { numRuns: 6 });
  });
});
