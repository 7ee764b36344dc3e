import { describe, expect, test } from 'vitest';
import { NOW, sampleAsk, sampleForecast, sampleInput, sampleNodes, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { parseDecimal } from '#domain/quantities/decimal';
import { namedPolicy } from './policy.ts';
import { reconsider } from './reconsider.ts';
import type { ReconsiderInput } from './contract.ts';
import type { NodeOffer, WorkAsk, ZoneView } from './types.ts';

const RUNNING = { current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } } as const;
const nodesRunning = (over: (node: NodeOffer) => Partial<NodeOffer> = () => ({})): NodeOffer[] =>
  sampleNodes().map((node) => ({ ...node, gpusReserved: node.slug === 'fr-paris-1' ? 1 : 0, ...over(node) }));
const zonesWith = (...changed: ZoneView[]) => sampleZones().map((view) => changed.find(({ zone }) => zone === view.zone) ?? view);
const decide = (ask: Partial<WorkAsk>, over: Partial<ReconsiderInput> = {}) =>
  reconsider({ ...sampleInput(), trigger: 'interval', nodes: nodesRunning(), ask: sampleAsk({ ...RUNNING, ...ask }), ...over });

/** FR three times as dirty for six hours, at least 300 g more (the demo's override). */
const spike = zonesWith(sampleZone('FR', 360, 70, { forecast: sampleForecast([...Array<number>(5).fill(360), ...Array<number>(67).fill(60)], 70) }));
/** Only FR and PT, flat for ever: g/kWh and USD/MWh of each. */
const duel = (fr: readonly [number, number], pt: readonly [number, number]) => zonesWith(sampleZone('FR', ...fr, { forecast: sampleForecast(...fr) }), sampleZone('PT', ...pt, { forecast: sampleForecast(...pt) }));
const toPt = { constraints: { residency: 'EU', zones: ['FR', 'PT'] } } as const;

describe('W-69: moves when all hold', () => {
  test('W-157: a carbon spike moves carbon work, once, with a net gain in grams', () => {
    const { outcome, document } = decide({ policy: namedPolicy('carbon') }, { zones: spike, kind: 'event', trigger: 'event:carbon-spike-1' });
    // 10 H100 hours: six in BE at 140 g and back would save less than PT's at 160 g, where the same work takes half the time.
    expect(outcome).toEqual({ do: 'move', nodes: ['pt-sines-1'], counts: true });
    expect(document).toMatchObject({ kind: 'event', outcome: 'move', winner: { node: 'pt-sines-1' }, current: { node: 'fr-paris-1' }, improvement: '0.400000', needed: '0.180000' });
    expect(BigInt(document.net_gain!.ng)).toBeGreaterThan(0n);
    expect(BigInt(document.move_cost!.ng)).toBeGreaterThan(0n);
    expect(document.plan).toEqual([{ hour: 0, zone: 'PT' }, { hour: 6, zone: 'FR' }]);
  });

  test('the next best node of the zone follows for the loser of a race', () => {
    const two = [...nodesRunning(), { ...nodesRunning().find(({ slug }) => slug === 'pt-sines-1')!, slug: 'pt-sines-2', id: 'pt-2', trust: 899 }];
    expect(decide({ policy: namedPolicy('carbon') }, { zones: spike, nodes: two }).outcome).toMatchObject({ nodes: ['pt-sines-1', 'pt-sines-2'] });
  });

  test.each<[string, Partial<WorkAsk>, Partial<ReconsiderInput>, string]>([
    ['it is best already', {}, {}, 'best_already'],
    ['the score is less than 25 % better', toPt, { zones: duel([100, 70], [80, 70]) }, 'below_threshold'],
    ['all moves are used (W-169)', { movesUsed: 5 }, { zones: spike }, 'moves_used_up'],
    ['the policy allows none', { policy: namedPolicy('carbon', { maxMoves: 0 }) }, { zones: spike }, 'moves_used_up'],
    ['nobody else fits', { constraints: { residency: 'EU', zones: ['FR'] } }, { zones: spike }, 'no_candidate'],
    ['its kind makes no checkpoints (W-75)', { checkpoint: { supported: false, sizeGb: 0, intervalS: 300 } }, { zones: spike }, 'no_checkpoint'],
    ['its own signal is stale', {}, { zones: spike.map((z) => (z.zone === 'FR' ? { ...z, signal: { ...z.signal!, fresh: false } } : z)) }, 'stale_signal'],
    ['its own signal is missing (W-64)', {}, { zones: spike.map((z) => (z.zone === 'FR' ? { ...z, signal: null } : z)) }, 'stale_signal'],
    ['all others are stale (W-163)', {}, { zones: spike.map((z) => (z.zone === 'FR' ? z : { ...z, signal: { ...z.signal!, fresh: false } })) }, 'stale_signal'],
    ['nobody else has a signal', {}, { zones: spike.map((z) => (z.zone === 'FR' ? z : { ...z, signal: null })) }, 'no_candidate'],
    ['the only better zone sheds', toPt, { zones: spike.map((z) => (z.zone === 'PT' ? { ...z, shed: true } : z)) }, 'no_candidate'],
  ])('keeps when %s', (_name, ask, over, reason) => {
    const { outcome, document } = decide(ask, over);
    expect(outcome).toEqual({ do: 'keep', reason });
    expect(document).toMatchObject({ kind: 'keep', outcome: 'keep', reason, winner: { node: 'fr-paris-1' } });
  });

  test('W-169: 30 % better, 5 min of work left, a 200 GB checkpoint: keep, no_net_gain, with the numbers', () => {
    const { outcome, document } = decide({ ...toPt, remainingUnits: 300, checkpoint: { supported: true, sizeGb: 200, intervalS: 300 } }, { zones: duel([200, 100], [140, 70]) });
    expect(outcome).toEqual({ do: 'keep', reason: 'no_net_gain' });
    expect(Number(document.improvement) / Number(document.current!.score)).toBeGreaterThanOrEqual(0.29);
    expect([BigInt(document.net_gain!.micro_usd) < 0n, BigInt(document.move_cost!.micro_usd) > 0n]).toEqual([true, true]);
  });

  test('a rental that is dearer than what the power saves is no net gain (W-70)', () => {
    const dear = nodesRunning(({ slug }) => (slug === 'pt-sines-1' ? { priceMicroUsdPerGpuHour: 9_000_000n as NodeOffer['priceMicroUsdPerGpuHour'] } : {}));
    expect(decide(toPt, { zones: duel([600, 100], [100, 70]) }).outcome.do).toBe('move');
    expect(decide(toPt, { zones: duel([600, 100], [100, 70]), nodes: dear }).outcome).toEqual({ do: 'keep', reason: 'no_net_gain' });
  });

  test('better now and worse soon: the plan does not move', () => {
    const zones = zonesWith(sampleZone('FR', 60, 70, { forecast: sampleForecast(60, 70) }), sampleZone('PT', 10, 10, { forecast: sampleForecast([10, 10, 900], [10, 10, 500]) }));
    const big = { ...toPt, checkpoint: { supported: true, sizeGb: 500, intervalS: 300 } };
    expect(decide(big, { zones }).outcome).toEqual({ do: 'keep', reason: 'no_net_gain' });
  });

  test('a better moment is near: the plan moves later', () => {
    const zones = zonesWith(sampleZone('FR', 100, 70, { forecast: sampleForecast([100, ...Array<number>(71).fill(900)], 70) }), sampleZone('PT', 150, 70, { forecast: sampleForecast([150, ...Array<number>(71).fill(99)], 70) }));
    expect(decide(toPt, { zones }).outcome).toEqual({ do: 'keep', reason: 'plan_later' });
  });
});

describe('W-69, W-73: the threshold, to the millionth', () => {
  // `cost` with flat prices: a score of 0.400000 is 40 USD/MWh. The work is long, so that gain and plan agree.
  const long = { ...toPt, remainingUnits: 360_000, policy: namedPolicy('cost'), checkpoint: { supported: true, sizeGb: 0, intervalS: 300 } };
  const cheap = nodesRunning(({ slug }) => (slug === 'pt-sines-1' ? { priceMicroUsdPerGpuHour: 1n as NodeOffer['priceMicroUsdPerGpuHour'] } : {}));
  test.each([
    ['0.400 → 0.300 moves (exactly 25 %)', 40, 30, 'move'], ['0.400 → 0.301 keeps', 40, 30.1, 'keep'], ['0.400 → 0.300001 keeps', 40, 30.0001, 'keep'],
    ['−0.02 → −0.05 moves (0.03 ≥ 0.02)', -2, -5, 'move'], ['−0.02 → −0.039 keeps', -2, -3.9, 'keep'], ['0.00 → −0.02 moves', 0, -2, 'move'], ['−1 → −1.2 keeps: 20 %', -100, -120, 'keep'],
    ['0.010 → −0.010 moves by the floor', 1, -1, 'move'],
  ])('%s', (_name, fr, pt, expected) => {
    const { outcome, document } = decide(long, { zones: duel([100, fr], [100, pt]), nodes: cheap });
    expect(outcome.do).toBe(expected);
    if (expected === 'keep') expect(document.reason).toBe('below_threshold');
    expect(parseDecimal(document.improvement!, 6) >= parseDecimal(document.needed!, 6)).toBe(expected === 'move');
  });

  test('WD-2: the mean of the next three hours counts, or the present hour with window 0', () => {
    const zones = zonesWith(sampleZone('FR', 100, 40, { forecast: sampleForecast(100, [100, 100, ...Array<number>(70).fill(40)]) }), sampleZone('PT', 100, 39, { forecast: sampleForecast(100, 39) }));
    expect(decide(long, { zones, nodes: cheap }).document).toMatchObject({ improvement: '0.410000', needed: '0.200000', outcome: 'move' });
    const now = { ...long, policy: namedPolicy('cost', { comparisonWindowH: 0 }) };
    expect(decide(now, { zones, nodes: cheap }).document).toMatchObject({ improvement: '0.010000', needed: '0.100000', outcome: 'keep' });
  });

  test('without a forecast only the present hour counts', () => {
    const zones = [sampleZone('FR', 100, 40), sampleZone('PT', 100, 30)];
    expect(decide(long, { zones, nodes: cheap }).document).toMatchObject({ improvement: '0.100000', needed: '0.100000', outcome: 'move' });
  });
});

describe('the current node', () => {
  test('is shown, is a candidate beside the others, and is not excluded for its own GPUs', () => {
    const full = nodesRunning(({ slug }) => (slug === 'fr-paris-1' ? { gpusReserved: 8 } : {}));
    const { document } = decide({}, { nodes: full });
    expect(document.candidates.map(({ node }) => node)).toContain('fr-paris-1');
    expect(document.candidates.find(({ node }) => node === 'fr-paris-1')).toMatchObject({ reserved: 7, utilisation: '0.875' });
    expect(document.candidates.length + Object.values(document.excluded).reduce((a, b) => a + b, 0)).toBe(14);
  });

  test('a late deadline does not move it and does not hide it', () => {
    const { document } = decide({ schedule: { flexible: false, deadlineMs: NOW + 1 } });
    expect(document).toMatchObject({ outcome: 'keep', reason: 'no_candidate', current: { node: 'fr-paris-1' } });
  });

  test('work that runs nowhere, or on a node that was not handed in, is a mistake of the caller', () => {
    expect(() => reconsider(sampleInput())).toThrow('does not run: place it');
    expect(() => decide({ current: { nodeSlug: 'gone-1', unitsSinceCheckpoint: 0 } })).toThrow('hand in its node too');
  });
});
