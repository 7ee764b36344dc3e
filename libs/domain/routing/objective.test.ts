import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleAsk, sampleForecast, sampleNode, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { zoneHours } from './hours.ts';
import { bestOfZones, egress, expectedFrom, moveObjective, objectiveOf, planSites, SAMPLE_TARIFF, siteOf, stayObjective, type Site } from './objective.ts';
import { namedPolicy } from './policy.ts';
import type { WorkAsk } from './types.ts';

const balanced = objectiveOf(namedPolicy('balanced').weights);
const carbon = objectiveOf(namedPolicy('carbon').weights);
const ask = sampleAsk({ gpuCount: 8, kind: 'training', remainingUnits: 8 * 36_000, current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } });

const site = (slug: string, zone: string, g: number | readonly number[], usd: number | readonly number[], work: WorkAsk = ask): Site => {
  const [now, price] = [typeof g === 'number' ? g : g[0]!, typeof usd === 'number' ? usd : usd[0]!];
  const rest = (values: number | readonly number[]) => (typeof values === 'number' ? values : values.slice(1));
  return siteOf(sampleNode(slug, { zone, gpusReserved: slug === 'fr-paris-1' ? 8 : 0 }), zoneHours(sampleZone(zone, now, price, { forecast: sampleForecast(rest(g), rest(usd)) }))!, work);
};
const settings = (over: Partial<Parameters<typeof planSites>[1]> = {}) => ({ objective: balanced, ask, moves: 5, tariff: SAMPLE_TARIFF, start: 0, ...over });

describe('W-60: what a policy minimises', () => {
  test('balanced prices a tonne at 400 USD: 1 kg counts as 0.40 USD', () => {
    // 1,000 mg/kWh over 1 kWh is 1 g; 1,000 of them are 1 kg.
    expect(balanced.unit).toBe('micro_usd');
    expect(balanced.carbon * 1_000_000).toBeCloseTo(400_000, 6);
    expect(balanced.price * 1_000_000).toBe(1_000); // 1 USD/MWh over 1 kWh
  });

  test('where money has no weight, grams alone count, in ng', () => expect(carbon).toEqual({ unit: 'ng', carbon: 1_000_000, price: 0 }));

  test('cost leaves grams out', () => expect(objectiveOf(namedPolicy('cost').weights).carbon).toBe(0));
});

describe('a site', () => {
  test('facility power at work and flat out, and how long the work takes', () => {
    const paris = site('fr-paris-1', 'FR', 100, 100);
    // Host 500 + 700 × 0.95, GPUs 8 × (70 + 630 × 0.95): 6,513 W × 1.15; flat out 6,800 W × 1.15.
    expect(paris.kw).toBeCloseTo(7.489_95, 5);
    expect(paris.fullKw).toBeCloseTo(7.82, 5);
    expect(paris.runHours).toBe(10);
  });

  test('slower GPUs take longer', () => expect(site('es-madrid-1', 'ES', 100, 100).runHours).toBe(20));

  test('staying: ten hours of 7.48995 kW at 100 g and 100 USD/MWh are 10.486 USD under balanced', () => {
    // 74.8995 kWh: 7.48995 USD of power, and 7.48995 kg at 0.40 USD.
    expect(stayObjective(site('fr-paris-1', 'FR', 100, 100), balanced)).toBeCloseTo(7_489_950 + 2_995_980, 3);
  });

  test('a later start pays the later hours', () => {
    const rising = site('fr-paris-1', 'FR', [100, ...Array.from({ length: 72 }, (_, h) => 101 + h)], 0);
    // Mean of hours 5 to 14 less mean of hours 0 to 9: 5 g.
    expect(stayObjective(rising, carbon, 5) - stayObjective(rising, carbon)).toBeCloseTo(74.8995 * 5 * 1e9, -4);
  });
});

describe('moves', () => {
  test('egress is by region and size', () => {
    const [paris, lisbon, texas] = [site('fr-paris-1', 'FR', 1, 1), site('pt-sines-1', 'PT', 1, 1), site('us-tx-1', 'US-TEX-ERCO', 1, 1)];
    const work = { ...ask, checkpoint: { ...ask.checkpoint, sizeGb: 20 } };
    expect([egress(paris, lisbon, work, SAMPLE_TARIFF), egress(paris, texas, work, SAMPLE_TARIFF)]).toEqual([0, 1_000_000]);
  });

  test('a move to an equal site still costs: both ends run flat out', () => {
    const cost = moveObjective(site('fr-paris-1', 'FR', 100, 100), site('pt-sines-1', 'PT', 100, 100), settings());
    expect(cost).toBeGreaterThan(0);
    const redo = settings({ ask: { ...ask, current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 2_880 } } });
    expect(moveObjective(site('fr-paris-1', 'FR', 100, 100), site('pt-sines-1', 'PT', 100, 100), redo)).toBeGreaterThan(cost);
  });
});

describe('W-71: the plan over sites', () => {
  const dirtyThenClean = [400, 400, ...Array.from({ length: 70 }, () => 20)];
  const cleanThenDirty = [20, 20, ...Array.from({ length: 70 }, () => 400)];

  test('chunks are an hour of the fastest site, at most a week of them', () => {
    expect(planSites([site('fr-paris-1', 'FR', 1, 1), site('es-madrid-1', 'ES', 1, 1)], settings()).problem.chunks).toBe(10);
    const long = sampleAsk({ gpuCount: 8, remainingUnits: 8 * 3_600 * 1_000 });
    const planned = planSites([site('fr-paris-1', 'FR', 1, 1, long)], settings({ ask: long }));
    expect([planned.problem.chunks, planned.chunkHours]).toEqual([168, 1_000 / 168]);
  });

  test('where two zones change places, starting on the clean one and moving beats staying on either', () => {
    const [a, b] = [site('fr-paris-1', 'FR', cleanThenDirty, 50), site('pt-sines-1', 'PT', dirtyThenClean, 50)];
    const plan = planSites([a, b], settings());
    expect(expectedFrom(a, plan, balanced)).toBeLessThan(Math.min(stayObjective(a, balanced), stayObjective(b, balanced)));
  });

  test('without a move left, what is expected is staying', () => {
    const [a, b] = [site('fr-paris-1', 'FR', cleanThenDirty, 50), site('pt-sines-1', 'PT', dirtyThenClean, 50)];
    const plan = planSites([a, b], settings({ moves: 0 }));
    expect(expectedFrom(a, plan, balanced)).toBe(stayObjective(a, balanced));
  });

  test('what is expected never exceeds staying, and more moves never make it worse', () => {
    const hours = fc.array(fc.integer({ min: 10, max: 700 }), { minLength: 73, maxLength: 73 });
    fc.assert(fc.property(hours, hours, fc.integer({ min: -20, max: 200 }), (one, two, usd) => {
      const sites = [site('fr-paris-1', 'FR', one, usd), site('pt-sines-1', 'PT', two, usd)];
      const expected = [0, 1, 5].map((moves) => expectedFrom(sites[0]!, planSites(sites, settings({ moves })), balanced));
      expect(expected[0]).toBe(stayObjective(sites[0]!, balanced));
      expect(expected[1]!).toBeLessThanOrEqual(expected[0]! + 1e-6);
      expect(expected[2]!).toBeLessThanOrEqual(expected[1]! + 1e-6);
    }), { numRuns: 100 });
  });
});

describe('the best site of each zone', () => {
  test('one for each zone, by name of the zone, the least objective', () => {
    const sites = [site('pt-sines-1', 'PT', 160, 65), site('es-madrid-1', 'FR', 60, 70), site('fr-paris-1', 'FR', 60, 70)];
    const best = bestOfZones(sites, balanced, () => 0);
    expect(best.map(({ node }) => [node.zone, node.slug])).toEqual([['FR', sites.slice(1).toSorted((a, b) => stayObjective(a, balanced) - stayObjective(b, balanced))[0]!.node.slug], ['PT', 'pt-sines-1']]);
  });

  test('a tie goes by the order handed in', () => {
    const [a, b] = [site('fr-a', 'FR', 60, 70), site('fr-b', 'FR', 60, 70)];
    const last = bestOfZones([a, b], balanced, (x, y) => (x.slug > y.slug ? -1 : 1));
    expect(last.map(({ node }) => node.slug)).toEqual(['fr-b']);
  });
});
