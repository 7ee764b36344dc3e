import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mgPerKwh, microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { NOW, sampleAsk, sampleInput, sampleNode, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { runMs } from './hours.ts';
import { namedPolicy } from './policy.ts';
import { setupMs } from './screen.ts';
import { situationOf } from './situation.ts';
import type { RoutingInput } from './contract.ts';
import type { NodeOffer, WorkAsk, ZoneView } from './types.ts';
import type { Constraint } from './words.ts';

const { time } = sampleInput();
const why = (input: RoutingInput): Record<string, Constraint> => Object.fromEntries(situationOf(input).excludedSample.map(({ node, constraint }) => [node, constraint]));

/** A node that meets each limit of the ask to the unit, beside one that meets all with room: so nobody comes in for want of better. */
const limits = {
  residency: 'EU', zones: ['FR', 'DE'], excludeZones: ['IT'], ownerKinds: ['owner_datacenter'], maxMicroUsdPerGpuHour: microUsd(2_400_000n), maxPriceMicroUsdPerMwh: microUsdPerMwh(70_000_000n),
  maxIntensityMgPerKwh: mgPerKwh(60_000n), minTrust: 900,
} as const;
// 1,000 s on four H100: 16.67 s of wall time, 18.33 s with the tenth.
const deadlineMs = NOW + Math.ceil((1_000_000 * 11) / 600);
const strict = sampleAsk({ gpuModel: 'h100-sxm-80', gpuCount: 4, remainingUnits: 4_000, constraints: limits, schedule: { flexible: false, deadlineMs } });
interface Pair { readonly node: NodeOffer; readonly view: ZoneView; readonly ask: WorkAsk }
const exact: Pair = { node: sampleNode('fr-paris-1', { gpusReserved: 4 }), view: sampleZone('FR', 60, 70), ask: strict };
const roomy = sampleNode('de-witness', { zone: 'DE', trust: 1_000, priceMicroUsdPerGpuHour: microUsd(1n), speedE3: 2_000 });
const inputOf = ({ node, view, ask }: Pair): RoutingInput => ({ ...sampleInput(), nodes: [node, roomy], zones: [view, sampleZone('DE', 10, 10)], ask });
/** Four GPUs and half of the host, 3,170.4 W, for 1,000 s: × 1.15 × 60 g/kWh are 60.766 g, the budget that is just enough. */
const enough = 60_766_000_000n;

type Step = (one: Pair) => Pair;
const ofNode = (over: Partial<NodeOffer>): Step => (one) => ({ ...one, node: { ...one.node, ...over } });
const ofSignal = (over: Partial<NonNullable<ZoneView['signal']>>): Step => (one) => ({ ...one, view: { ...one.view, signal: one.view.signal && { ...one.view.signal, ...over } } });
const ofZone = (over: Partial<ZoneView>): Step => (one) => ({ ...one, view: { ...one.view, ...over } });

/** In the order in which they are told, each one unit beyond the limit. */
const STEPS: readonly (readonly [string, Constraint, Step])[] = [
  ['another card', 'gpu_model', ofNode({ gpuModel: 'h200-sxm-141' })],
  ['a gigabyte less', 'gpu_memory', ofNode({ gpuMemoryGb: 79 })],
  ['another region', 'residency', ofZone({ region: 'UK' })],
  ['a zone that is excluded', 'zone', (one) => ({ ...one, ask: { ...one.ask, constraints: { ...one.ask.constraints, excludeZones: ['FR'] } } })],
  ['an owner of the other kind', 'owner_kind', ofNode({ ownerKind: 'owner_gamer' })],
  ['a node a GPU too small', 'capacity', ofNode({ gpus: 3, gpusReserved: 0 })],
  ['power a millionth of a dollar dearer', 'price_ceiling', ofSignal({ priceMicroUsdPerMwh: microUsdPerMwh(70_000_001n) })],
  ['a milligram more', 'carbon_ceiling', ofSignal({ intensityMgPerKwh: mgPerKwh(60_001n) })],
  ['a thousandth slower', 'deadline', ofNode({ speedE3: 999 })],
  ['an open shed', 'event_shed', ofZone({ shed: true })],
  ['a rental a millionth dearer', 'price_ceiling', ofNode({ priceMicroUsdPerGpuHour: microUsd(2_400_001n) })],
  ['a point of trust less', 'min_trust', ofNode({ trust: 899 })],
  ['silence', 'health', ofNode({ state: 'silent' })],
  ['one more GPU taken', 'capacity', (one) => ofNode({ gpusReserved: one.node.gpus - 3 })(one)],
  ['no signal', 'no_signal', ofZone({ signal: null })],
  ['degraded', 'health', (one) => (one.node.state === 'silent' ? one : ofNode({ state: 'degraded' })(one))],
  ['a nanogram over the budget', 'budget', (one) => ({ ...one, ask: { ...one.ask, budgetLeft: { ng: enough - 1n } } })],
];

describe('W-62: every constraint to the unit, alone and in pairs', () => {
  test('whoever meets every limit exactly is in', () => {
    expect(why(inputOf({ ...exact, ask: { ...strict, budgetLeft: { ng: enough } } }))).toEqual({});
  });

  test.each(STEPS)('%s: %s', (_name, constraint, step) => expect(why(inputOf(step(exact)))['fr-paris-1']).toBe(constraint));

  test.each(STEPS.map(([name, constraint, step], i) => [name, constraint, step, STEPS.slice(i + 1)] as const))('%s: counted once, as %s, whatever else fails after it', (name, constraint, step, later) => {
    for (const [other, then, next] of later) {
      // A ceiling cannot judge a signal that is not there: then the missing signal is what is told.
      const unseen = then === 'no_signal' && ['power a millionth of a dollar dearer', 'a milligram more'].includes(name);
      expect(situationOf(inputOf(next(step(exact)))).excluded, `with ${other}`).toEqual({ [unseen ? 'no_signal' : constraint]: 1 });
    }
  });
});

/** W-62 to W-64 as one reads them: node by node, question by question, no classes and no codes. */
function read(node: NodeOffer, view: ZoneView | undefined, ask: WorkAsk): Constraint | null {
  const { constraints: c, schedule } = ask;
  const own = ask.current?.nodeSlug === node.slug ? ask.gpuCount : 0;
  const nodeMs = BigInt(setupMs(ask)) + runMs(ask.remainingUnits, node.speedE3, ask.gpuCount);
  const leftMs = schedule.deadlineMs === undefined ? null : BigInt(schedule.deadlineMs - Math.max(time.nowMs, schedule.notBeforeMs ?? 0)) * BigInt(time.nodeSecondsPerSecond);
  const fails: (readonly [Constraint, boolean])[] = [
    ['gpu_model', ask.gpuModel !== undefined && ask.gpuModel !== node.gpuModel], ['gpu_memory', node.gpuMemoryGb < ask.gpuMemoryGb],
    ['zone', view === undefined], ['residency', c.residency !== 'any' && view?.region !== c.residency],
    ['zone', !(c.zones?.includes(node.zone) ?? true) || (c.excludeZones?.includes(node.zone) ?? false)],
    ['owner_kind', !(c.ownerKinds?.includes(node.ownerKind) ?? true)], ['capacity', node.gpus < ask.gpuCount],
    ['price_ceiling', Boolean(view?.signal) && c.maxPriceMicroUsdPerMwh !== undefined && view!.signal!.priceMicroUsdPerMwh + node.energyAdderMicroUsdPerMwh > c.maxPriceMicroUsdPerMwh],
    ['carbon_ceiling', Boolean(view?.signal) && c.maxIntensityMgPerKwh !== undefined && view!.signal!.intensityMgPerKwh > c.maxIntensityMgPerKwh],
    ['deadline', leftMs !== null && nodeMs * 11n > leftMs * 10n], ['event_shed', view?.shed ?? false],
    ['price_ceiling', c.maxMicroUsdPerGpuHour !== undefined && node.priceMicroUsdPerGpuHour > c.maxMicroUsdPerGpuHour], ['min_trust', node.trust < (c.minTrust ?? 0)],
    ['health', node.state !== 'online' && node.state !== 'degraded'], ['capacity', node.gpus - node.gpusReserved + own < ask.gpuCount],
  ];
  return fails.find(([, failed]) => failed)?.[0] ?? null;
}

/** All nodes: the best standing that has any is in, what stands worse is out for what makes it worse. */
function naive({ nodes, zones, ask }: RoutingInput): Map<string, Constraint | null> {
  const viewOf = ({ zone }: NodeOffer) => zones.find((view) => view.zone === zone);
  const rows = nodes.map((node) => ({ node, why: read(node, viewOf(node), ask), standing: (node.state === 'degraded' ? 1 : 0) + (viewOf(node)?.signal ? 0 : 2) }));
  const best = Math.min(...rows.filter((row) => row.why === null).map(({ standing }) => standing));
  return new Map(rows.map((row) => [row.node.slug, row.why ?? (row.standing === best ? null : row.standing >= 2 ? 'no_signal' : 'health')]));
}

const ZONES = ['FR', 'DE', 'GB', 'US-CAL-CISO', 'MOON'] as const;
const some = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 1 });
const drawnNode = fc.record({
  zone: fc.constantFrom(...ZONES), gpuModel: fc.constantFrom('h100-sxm-80', 'a100-sxm-80'), gpuMemoryGb: fc.constantFrom(24, 80), gpus: fc.constantFrom(1, 4, 8), used: fc.nat(8),
  ownerKind: fc.constantFrom('owner_datacenter' as const, 'owner_gamer' as const), state: fc.constantFrom<NodeOffer['state']>('online', 'online', 'degraded', 'draining'),
  trust: fc.constantFrom(799, 800, 900), rental: fc.constantFrom(1n, 2n, 3n), adder: fc.constantFrom(0n, 1n), speedE3: fc.constantFrom(400, 500, 1_000),
});
const nodes = fc.array(drawnNode, { minLength: 1, maxLength: 12 }).map((rows) => rows.map(({ used, rental, adder, ...row }, i) => sampleNode(`n-${i}`, {
  ...row, gpusReserved: Math.min(used, row.gpus), priceMicroUsdPerGpuHour: microUsd(rental), energyAdderMicroUsdPerMwh: microUsdPerMwh(adder),
})));
const zones = fc.tuple(...ZONES.slice(0, 4).map((zone) => fc.record({ g: fc.nat(2), usd: fc.integer({ min: -1, max: 1 }), signal: fc.nat(3), shed: fc.nat(5) }).map(({ g, usd, signal, shed }): ZoneView =>
  ({ ...sampleZone(zone, g, usd, signal === 0 ? { signal: null } : {}), shed: shed === 0 }))));
const asks = fc.record({
  gpuModel: some('h100-sxm-80'), gpuCount: fc.constantFrom(1, 2, 4), gpuMemoryGb: fc.constantFrom(16, 80), on: fc.option(fc.nat(11)), restores: fc.boolean(),
  deadline: some(10_000, 20_000, 60_000), residency: fc.constantFrom('any', 'any', 'EU', 'UK'), zoned: some(['FR', 'GB', 'DE']), barred: some(['FR'], ['GB']),
  owners: some(['owner_datacenter' as const]), rental: some(1n, 2n), usd: some(0n, 1_000_000n), g: some(0n, 1_000n), minTrust: some(800, 801),
});
const worlds = fc.tuple(nodes, zones, asks).map(([offers, views, { on, deadline, residency, zoned, barred, owners, rental, usd, g, minTrust, gpuModel, ...rest }]): RoutingInput => {
  const home = on === null ? undefined : offers[on];
  const set = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : { [key]: value });
  const ask = sampleAsk({
    ...rest, ...set('gpuModel', gpuModel), policy: namedPolicy('balanced'), remainingUnits: 1_000, current: home ? { nodeSlug: home.slug, unitsSinceCheckpoint: 0 } : null,
    schedule: { flexible: false, ...set('deadlineMs', deadline === undefined ? undefined : NOW + deadline) },
    constraints: { residency: residency as 'any', ...set('zones', zoned), ...set('excludeZones', barred), ...set('ownerKinds', owners), ...set('maxMicroUsdPerGpuHour', rental), ...set('maxPriceMicroUsdPerMwh', usd), ...set('maxIntensityMgPerKwh', g), ...set('minTrust', minTrust) },
  });
  return { ...sampleInput(), nodes: offers, zones: views, ask };
});

describe('W-62, W-63, W-64: the columns screen as the words do', () => {
  test('the same nodes are in, the same are out, for the same reason', () => {
    fc.assert(fc.property(worlds, (input) => {
      const expected = naive(input);
      const own = input.ask.current?.nodeSlug;
      const { candidates, excludedSample } = situationOf(input);
      const found = new Map<string, Constraint | null>([...candidates.map(({ node }) => [node.slug, null] as const), ...excludedSample.map(({ node, constraint }) => [node, constraint] as const)]);
      for (const [slug, reason] of expected) if (slug !== own) expect([slug, found.get(slug)]).toEqual([slug, reason]);
      expect(found.has(own ?? '')).toBe(false);
    }), { numRuns: 800 });
  });

  test('a constraint less never takes a node away, but for those that only stood in', () => {
    fc.assert(fc.property(worlds, (input) => {
      const stoodIn = (reason: Constraint | undefined) => reason === 'health' || reason === 'no_signal';
      const out = (ask: WorkAsk) => Object.entries(why({ ...input, ask })).filter(([, reason]) => !stoodIn(reason)).map(([slug]) => slug);
      const { minTrust: _trust, zones: _zones, maxIntensityMgPerKwh: _g, ...looser } = input.ask.constraints;
      expect(out({ ...input.ask, current: null })).toEqual(expect.arrayContaining(out({ ...input.ask, current: null, constraints: looser })));
    }), { numRuns: 300 });
  });

  test('the signal is the zone’s: a copy of a node in its zone is in or out with it', () => {
    fc.assert(fc.property(worlds, ({ nodes: [first, ...others], ...input }) => {
      const ask = { ...input.ask, current: null };
      const all = [first!, ...others];
      const before = why({ ...input, ask, nodes: all });
      const after = why({ ...input, ask, nodes: [...all, { ...first!, slug: 'copy', id: 'copy' }] });
      expect(after['copy']).toBe(before[first!.slug]);
      expect(after).toEqual({ ...before, ...(before[first!.slug] && { copy: before[first!.slug] }) });
    }), { numRuns: 300 });
  });
});

test('W-10: PUE is no constraint: power that is lost to cooling excludes nobody', () => {
  expect(why(inputOf(ofNode({ pueE4: pueE4(30_000n) })(exact)))).toEqual({});
});
