import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { sampleAsk, sampleForecast, sampleNode, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { type Amounts, improvementOf, moveCost, netGain } from './gain.ts';
import { zoneHours } from './hours.ts';
import { SAMPLE_TARIFF, type Site, siteOf } from './objective.ts';
import { namedPolicy } from './policy.ts';
import type { WorkAsk } from './types.ts';

const series = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 30 });
const place = fc.record({ g: series(-50, 900), usd: series(-90, 300), pue: fc.integer({ min: 10_000, max: 16_000 }), adder: fc.nat(40), rental: fc.nat(4_000_000), speedE3: fc.constantFrom(350, 500, 1_000, 1_150), taken: fc.nat(6) });
const worlds = fc.record({ places: fc.tuple(place, place, place), units: fc.nat(90_000), gpuCount: fc.constantFrom(1, 2), sizeGb: fc.nat(300), since: fc.nat(900), course: fc.array(fc.nat(2), { minLength: 1, maxLength: 9 }) });
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;
const ZONES = ['FR', 'PT', 'US-CAL-CISO'] as const;

function made({ places, units, gpuCount, sizeGb, since }: World): { ask: WorkAsk; sites: Site[] } {
  const ask = sampleAsk({ kind: 'training', remainingUnits: units, gpuCount, checkpoint: { supported: true, sizeGb, intervalS: 300 }, current: { nodeSlug: 's-0', unitsSinceCheckpoint: since } });
  const sites = places.map(({ g, usd, pue, adder, rental, speedE3, taken }, i) => siteOf(
    sampleNode(`s-${i}`, { zone: ZONES[i]!, pueE4: pueE4(BigInt(pue)), energyAdderMicroUsdPerMwh: microUsdPerMwh(BigInt(adder * 1_000_000)), priceMicroUsdPerGpuHour: microUsd(BigInt(rental)), speedE3, gpusReserved: taken + (i === 0 ? gpuCount : 0) }),
    zoneHours(sampleZone(ZONES[i]!, g[0]!, usd[0]!, { forecast: sampleForecast(g.slice(1), usd.slice(1)) }))!, ask));
  return { ask, sites };
}

/** W-2, W-8 and W-70 in grams and dollars, second by second of what is held and hour by hour of the grid. */
function byHand(world: World) {
  const { places, units, gpuCount, sizeGb, since } = world;
  const hourOf = (i: number, h: number): readonly [number, number] => {
    const { g, usd } = places[i]!;
    const known = Math.min(g.length, usd.length);
    const day = Math.min(24, known);
    const tail = (all: readonly number[], scale: number) => Math.round((all.slice(known - day, known).reduce((a, b) => a + b, 0) * scale) / day) / scale;
    return h < known ? [g[h]!, usd[h]!] : [tail(g, 1e3), tail(usd, 1e6)];
  };
  const wattsOf = (i: number, u: number) => gpuCount * (70 + 630 * u) + ((500 + (700 * u * Math.min(8, places[i]!.taken + gpuCount)) / 8) * gpuCount) / 8;
  /** Grams and dollars of so many watts at a site for `s` seconds from second `from` on. */
  const held = (i: number, watts: number, from: number, s: number): [number, number] => {
    let [grams, dollars] = [0, 0];
    for (let h = Math.floor(from / 3_600); h * 3_600 < from + s; h += 1) {
      const kwh = (watts * (Math.min(from + s, (h + 1) * 3_600) - Math.max(from, h * 3_600)) * places[i]!.pue) / 3.6e6 / 1e4;
      const [g, usd] = hourOf(i, h);
      grams += kwh * g;
      dollars += (kwh * (usd + places[i]!.adder)) / 1_000;
    }
    return [grams, dollars];
  };
  const rental = (i: number, s: number) => (places[i]!.rental / 1e6) * gpuCount * (s / 3_600);
  const seconds = (i: number, n: number) => n / ((places[i]!.speedE3 / 1_000) * gpuCount);
  const move = (a: number, b: number, from: number, to: number): [number, number] => {
    const [s, again, kwh] = [20 + sizeGb / 2, seconds(b, since), (0.0065 * sizeGb) / 2];
    const [leaving, arriving, redone] = [held(a, wattsOf(a, 1), from, s), held(b, wattsOf(b, 1), to, s), held(b, wattsOf(b, 0.95), to, again)];
    const [left, reached] = [hourOf(a, Math.floor(from / 3_600 + 1e-9)), hourOf(b, Math.floor(to / 3_600 + 1e-9))];
    const egress = a === b || (a < 2 && b < 2) ? 0 : 0.05 * sizeGb;
    return [leaving[0] + arriving[0] + redone[0] + kwh * (left[0] + reached[0]), leaving[1] + arriving[1] + redone[1] + (kwh * (left[1] + reached[1])) / 1_000 + egress + rental(b, again)];
  };
  /** A course, chunk by chunk. */
  const course = (sites: readonly number[]): [number, number] => sites.reduce<[number, number]>(([grams, dollars], i, k) => {
    const at = (site: number, chunk: number) => (seconds(site, units) * chunk) / sites.length;
    const before = k === 0 ? 0 : sites[k - 1]!;
    const [mg, md] = before === i ? [0, 0] : move(before, i, at(before, k), at(i, k));
    const [g, d] = held(i, wattsOf(i, 0.95), at(i, k), at(i, k + 1) - at(i, k));
    return [grams + g + mg, dollars + d + md + rental(i, at(i, k + 1) - at(i, k))];
  }, [0, 0]);
  return { move, course };
}

/** Times are whole milliseconds and powers milliwatts in the books: some units in ten million of what is at stake. */
const near = ({ microUsd: usd, ng }: Amounts, [grams, dollars]: readonly [number, number], stake: readonly [number, number] = [100, 1]) => {
  expect(Math.abs(Number(ng) / 1e9 - grams), `${ng} ng for ${grams} g`).toBeLessThan(2e-3 + 1e-5 * (stake[0] + Math.abs(grams)));
  expect(Math.abs(Number(usd) / 1e6 - dollars), `${usd} µUSD for ${dollars} USD`).toBeLessThan(5e-5 + 1e-5 * (stake[1] + Math.abs(dollars)));
};

describe('W-70 against the same by hand', () => {
  test('what a move costs: both ends, the way, what is done again and its rental', () => {
    fc.assert(fc.property(worlds, fc.nat(2), (world, to) => {
      const { ask, sites } = made(world);
      if (to > 0) near(moveCost(sites[0]!, sites[to]!, { ask, tariff: SAMPLE_TARIFF }), byHand(world).move(0, to, 0, 0));
    }), { numRuns: 120 });
  });

  test('what a course gains: chunk by chunk here, less chunk by chunk there, less all its moves', () => {
    // An hour's edge may fall either side of a millisecond: chunks of whole minutes keep moves away from it.
    fc.assert(fc.property(worlds.map((world): World => ({ ...world, units: world.course.length * 4_830 * (1 + (world.units % 4)), places: world.places.map((one) => ({ ...one, speedE3: 1_000 })) as World['places'] })), (world) => {
      const { ask, sites } = made(world);
      const { course } = byHand(world);
      const [here, there] = [course(world.course.map(() => 0)), course(world.course)];
      near(netGain(sites[0]!, { chunks: world.course.length, sites: world.course.map((i) => sites[i]!) }, { ask, tariff: SAMPLE_TARIFF }), [here[0] - there[0], here[1] - there[1]], [Math.abs(here[0]) + Math.abs(there[0]) + 1_000, Math.abs(here[1]) + Math.abs(there[1]) + 10]);
    }), { numRuns: 120 });
  });
});

describe('W-69: means over the window', () => {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  test('over the hours that both know, none beyond the window, and at least the present one', () => {
    fc.assert(fc.property(worlds, fc.nat(24), (world, window) => {
      const { ask, sites } = made(world);
      const policy = namedPolicy('balanced', { comparisonWindowH: window });
      const known = Math.min(...world.places.slice(0, 2).flatMap(({ g, usd }) => [g.length, usd.length]));
      const n = Math.max(1, Math.min(window, known));
      const [current, other] = world.places.slice(0, 2).map(({ g, usd, adder, taken }) => Math.round(((0.6 * mean(g.slice(0, n))) / 500 + (0.3 * (mean(usd.slice(0, n)) + adder)) / 100 + (0.1 * taken) / 8) * 1e6));
      const found = improvementOf(sites[0]!, sites[1]!, { ...ask, policy });
      expect(Math.abs(Number(found.currentE6) - current!)).toBeLessThanOrEqual(1);
      expect(Math.abs(Number(found.improvementE6) - (current! - other!))).toBeLessThanOrEqual(2);
    }), { numRuns: 120 });
  });

  test('there and back again is no improvement', () => {
    fc.assert(fc.property(worlds, (world) => {
      const { ask, sites } = made(world);
      expect(improvementOf(sites[0]!, sites[1]!, { ...ask, policy: namedPolicy('cost') }).improvementE6 + improvementOf(sites[1]!, sites[0]!, { ...ask, policy: namedPolicy('cost') }).improvementE6).toBe(0n);
    }), { numRuns: 100 });
  });
});
