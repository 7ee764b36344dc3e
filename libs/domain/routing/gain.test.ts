import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleAsk, sampleForecast, sampleNode, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { gains, improvementOf, moveCost, netGain } from './gain.ts';
import { zoneHours } from './hours.ts';
import { SAMPLE_TARIFF, siteOf } from './objective.ts';
import { namedPolicy } from './policy.ts';
import type { WorkAsk } from './types.ts';

const ask = sampleAsk({ current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 }, gpuCount: 8, kind: 'training', remainingUnits: 8 * 36_000, checkpoint: { supported: true, sizeGb: 20, intervalS: 300 } });
const site = (slug: string, zone: string, g: number, usd: number, work: WorkAsk = ask) =>
  siteOf({ ...sampleNode(slug), gpusReserved: slug === 'fr-paris-1' ? 8 : 0 }, zoneHours(sampleZone(zone, g, usd, { forecast: sampleForecast(g, usd) }))!, work);
const settings = (work: WorkAsk = ask) => ({ ask: work, tariff: SAMPLE_TARIFF });
const [paris, sines, london, texas] = [site('fr-paris-1', 'FR', 100, 100), site('pt-sines-1', 'PT', 100, 100), site('gb-london-1', 'GB', 100, 100), site('us-tx-1', 'US-TEX-ERCO', 100, 100)];

describe('W-70: what a move costs', () => {
  test('30 s flat out at either end and 0.13 kWh of wire, at 100 g and 100 USD/MWh', () => {
    // 6,800 W × 30 s = 56.667 Wh, × 1.15 and × 1.12 = 128.633 Wh; + 130 Wh of wire = 258.633 Wh; each part is rounded.
    expect(moveCost(paris, sines, settings())).toEqual({ microUsd: 25_864n, ng: 25_863_333_334n });
  });

  test.each([
    ['inside the EU', sines, 0n], ['EU to GB: 20 GB × 0.02', london, 400_000n], ['EU to US: 20 GB × 0.05', texas, 1_000_000n],
  ])('egress %s', (_name, to, egress) => {
    const free = { ask, tariff: { ...SAMPLE_TARIFF, egressMicroUsdPerGb: () => 0 } };
    expect(moveCost(paris, to, settings()).microUsd - moveCost(paris, to, free).microUsd).toBe(egress);
  });

  test.each([['US', 'US-CAL-CISO', 'US', 'US-TEX-ERCO', 20_000], ['US', 'US-CAL-CISO', 'US', 'US-CAL-CISO', 0], ['UK', 'GB', 'EU', 'FR', 20_000], ['US', 'US-CAL-CISO', 'UK', 'GB', 50_000], ['EU', 'FR', 'EU', 'DE', 0]] as const)(
    '%s %s → %s %s is %s µUSD/GB', (from, fromZone, to, toZone, rate) => expect(SAMPLE_TARIFF.egressMicroUsdPerGb(from, fromZone, to, toZone)).toBe(rate));

  test('units since the last checkpoint are done again there: energy, grams and rental', () => {
    const late = { ...ask, current: { ...ask.current!, unitsSinceCheckpoint: 8 * 360 } };
    const [cost, again] = [moveCost(paris, sines, settings()), moveCost(paris, sines, settings(late))];
    // A tenth of an hour: 651.3 Wh × 1.12 = 729.456 Wh, and 0.8 GPU hours at 2.35 USD.
    expect([again.ng - cost.ng, again.microUsd - cost.microUsd]).toEqual([72_945_600_000n, 72_946n + 1_880_000n]);
  });

  test('nothing to carry still takes 20 s at either end', () => {
    const light = { ...ask, checkpoint: { ...ask.checkpoint, sizeGb: 0 } };
    expect(moveCost(paris, sines, settings(light)).ng).toBe(4_344_444_444n + 4_231_111_111n);
  });
});

describe('W-70: the net gain', () => {
  test('ten hours here less ten hours there less the move', () => {
    const dirty = site('fr-paris-1', 'FR', 400, 100);
    const course = { chunks: 10, sites: Array.from({ length: 10 }, () => sines) };
    const cost = moveCost(dirty, sines, settings());
    // Energy 65.13 kWh: × 1.15 × 400 g = 29,959.8 g here, × 1.12 × 100 g = 7,294.56 g there; rental 80 GPU hours, 0.05 USD less each.
    expect(netGain(dirty, course, settings())).toEqual({ ng: 29_959_800_000_000n - 7_294_560_000_000n - cost.ng, microUsd: 7_489_950n - 7_294_560n + 80n * 50_000n - cost.microUsd });
  });

  test('staying gains nothing', () => expect(netGain(paris, { chunks: 7, sites: Array.from({ length: 7 }, () => paris) }, settings())).toEqual({ ng: 0n, microUsd: 0n }));

  test('a course that comes back pays two moves and keeps what lies between', () => {
    const dirty = site('fr-paris-1', 'FR', 400, 100);
    const there = netGain(dirty, { chunks: 10, sites: Array.from({ length: 10 }, () => sines) }, settings());
    const andBack = netGain(dirty, { chunks: 10, sites: [...Array.from({ length: 5 }, () => sines), ...Array.from({ length: 5 }, () => dirty)] }, settings());
    const moves = moveCost(dirty, sines, settings()).ng;
    expect(Number(andBack.ng + 2n * moves)).toBeCloseTo(Number((there.ng + moves) / 2n), -2);
  });
});

describe('W-60, W-70: whether that is a gain', () => {
  const { balanced, carbon, cost } = { balanced: namedPolicy('balanced').weights, carbon: namedPolicy('carbon').weights, cost: namedPolicy('cost').weights };
  test.each([
    ['grams alone', carbon, -1_000_000_000n, 1n, true], ['no gram', carbon, 1_000_000_000n, 0n, false],
    ['money alone', cost, 1n, -(10n ** 18n), true], ['no dollar', cost, 0n, 10n ** 18n, false],
    ['400 USD/t: a kilogram is 0.40 USD', balanced, -399_999n, 10n ** 12n, true], ['exactly level', balanced, -400_000n, 10n ** 12n, false],
    ['dollars for grams', balanced, 400_001n, -(10n ** 12n), true], ['neither', balanced, 0n, 0n, false],
  ])('%s', (_name, weights, microUsd, ng, expected) => expect(gains({ microUsd, ng }, weights)).toBe(expected));

  test('a gain turned round is none', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 12n), 10n ** 12n), fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.constantFrom(balanced, carbon, cost), (microUsd, ng, weights) =>
      !(gains({ microUsd, ng }, weights) && gains({ microUsd: -microUsd, ng: -ng }, weights))));
  });
});

describe('W-69: improvement', () => {
  test('is the difference of the means, use of both nodes counted without this work', () => {
    expect(improvementOf(site('fr-paris-1', 'FR', 400, 100), sines, ask)).toEqual({ currentE6: 780_000n, improvementE6: 360_000n, neededE6: 195_000n });
  });

  test('over as many hours as both know', () => {
    const brief = siteOf(sampleNode('pt-sines-1'), zoneHours(sampleZone('PT', 100, 100))!, ask);
    const changing = siteOf(sampleNode('fr-paris-1'), zoneHours(sampleZone('FR', 400, 100, { forecast: sampleForecast([9_999], [9_999]) }))!, { ...ask, current: null });
    expect(improvementOf(changing, brief, { ...ask, current: null }).currentE6).toBe(780_000n);
  });
});
