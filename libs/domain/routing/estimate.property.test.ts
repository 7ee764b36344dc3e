import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { sampleAsk, sampleForecast, sampleNode, sampleNodes, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { estimate, transferMs } from './estimate.ts';
import type { NodeOffer, RoutingTime } from './types.ts';
import type { WorkKind } from './words.ts';

const time: RoutingTime = { nowMs: Date.UTC(2026, 0, 15, 12), nodeSecondsPerSecond: 60, intervalMs: 60_000 };
const hours = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: 72, maxLength: 72 });
const zones = fc.record({ g: hours(0, 1_200), usd: hours(-200, 400) }).map(({ g, usd }) => sampleZone('FR', g[0]!, usd[0]!, { forecast: sampleForecast(g, usd) }));
const nodes = fc.constantFrom(...sampleNodes()).map((node): NodeOffer => ({ ...node, zone: 'FR' }));
const asks = fc.record({ remainingUnits: fc.integer({ min: 1, max: 500_000 }), kind: fc.constantFrom<WorkKind>('fine_tune', 'training', 'embedding', 'render'), restores: fc.boolean() }).map((over) => sampleAsk({ gpuMemoryGb: 16, ...over }));
const runs = { numRuns: 300 };

describe('W-76: what a stay is expected to take', () => {
  test('the total is rental and energy, and nothing else', () => {
    fc.assert(fc.property(nodes, asks, zones, (node, ask, zone) => {
      const { totalMicroUsd, rentalMicroUsd, energyMicroUsd } = estimate(node, ask, zone, time);
      return totalMicroUsd === (rentalMicroUsd as bigint) + energyMicroUsd!;
    }), runs);
  });

  test('more work never takes less time, energy, grams or rental', () => {
    fc.assert(fc.property(nodes, asks, zones, fc.integer({ min: 0, max: 50_000 }), (node, ask, zone, more) => {
      const [less, longer] = [estimate(node, ask, zone, time), estimate(node, { ...ask, remainingUnits: ask.remainingUnits + more }, zone, time)];
      return longer.durationMs >= less.durationMs && longer.energyMj >= less.energyMj && longer.ng! >= less.ng! && longer.rentalMicroUsd >= less.rentalMicroUsd && longer.endMs >= less.endMs;
    }), runs);
  });

  test('a restore adds its time and its energy, and happens only on another node', () => {
    fc.assert(fc.property(nodes, asks, zones, (node, ask, zone) => {
      const [fresh, restored] = [estimate(node, { ...ask, restores: false }, zone, time), estimate(node, { ...ask, restores: true }, zone, time)];
      const home = estimate(node, { ...ask, restores: true, current: { nodeSlug: node.slug, unitsSinceCheckpoint: 0 } }, zone, time);
      return restored.durationMs - fresh.durationMs === transferMs(ask.checkpoint.sizeGb) && restored.energyMj > fresh.energyMj && home.durationMs === fresh.durationMs;
    }), runs);
  });

  test('the adder costs its own for every MWh, whatever the grid’s price is (W-10)', () => {
    fc.assert(fc.property(nodes, asks, zones, fc.bigInt(0n, 100_000_000n), (node, ask, zone, adder) => {
      const plain = estimate({ ...node, energyAdderMicroUsdPerMwh: microUsdPerMwh(0n) }, ask, zone, time);
      const dear = estimate({ ...node, energyAdderMicroUsdPerMwh: microUsdPerMwh(adder) }, ask, zone, time);
      const share = (Number(plain.energyMj) * Number(node.pueE4) * Number(adder)) / 1e4 / 3.6e12;
      return Math.abs(Number(dear.energyMicroUsd! - plain.energyMicroUsd!) - share) <= 2 && dear.ng === plain.ng;
    }), runs);
  });

  test('PUE weighs in grams and money of power, never in the meter or the rental', () => {
    fc.assert(fc.property(nodes, asks, zones, (node, ask, zone) => {
      const [bare, double] = [estimate({ ...node, pueE4: pueE4(10_000n) }, ask, zone, time), estimate({ ...node, pueE4: pueE4(20_000n) }, ask, zone, time)];
      const near = (a: bigint, b: bigint) => (a > b ? a - b : b - a) <= 3n;
      return double.energyMj === bare.energyMj && double.rentalMicroUsd === bare.rentalMicroUsd && near(double.ng!, bare.ng! * 2n) && near(double.energyMicroUsd!, bare.energyMicroUsd! * 2n);
    }), runs);
  });

  test('without a signal nothing of grid is known, and the rest is the same', () => {
    fc.assert(fc.property(nodes, asks, zones, (node, ask, zone) => {
      const [lit, dark] = [estimate(node, ask, zone, time), estimate(node, ask, { ...zone, signal: null }, time)];
      expect(dark).toEqual({ ...lit, ng: null, energyMicroUsd: null, totalMicroUsd: lit.rentalMicroUsd });
    }), runs);
  });

  test('a node that is free costs its power alone', () => {
    const free = { ...sampleNode('fr-paris-1'), priceMicroUsdPerGpuHour: microUsd(0n) };
    const { rentalMicroUsd, totalMicroUsd, energyMicroUsd } = estimate(free, sampleAsk(), sampleZone('FR', 60, 70), time);
    expect([rentalMicroUsd, totalMicroUsd]).toEqual([0n, energyMicroUsd]);
  });
});
