import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mgPerKwh } from '#domain/quantities/quantities';
import { sampleAsk, sampleInput, sampleNodes, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { answerShed } from './leave.ts';
import { namedPolicy } from './policy.ts';
import { reconsider } from './reconsider.ts';
import type { LeaveInput } from './contract.ts';
import type { WorkAsk } from './types.ts';

const nodes = sampleNodes().map((node) => ({ ...node, gpusReserved: node.slug === 'fr-paris-1' ? 1 : 0 }));
const shedding = sampleZones().map((zone) => ({ ...zone, shed: zone.zone === 'FR' }));

const cases = fc.record({
  cause: fc.constantFrom<LeaveInput['cause']>('shed', 'drain', 'quarantine', 'force'), shedBehaviour: fc.constantFrom<WorkAsk['shedBehaviour']>('move_or_pause', 'move', 'pause', 'continue'),
  supported: fc.boolean(), counts: fc.boolean(), left: fc.integer({ min: -1, max: 1 }), target: fc.constantFrom(undefined, 'pt-sines-1', 'id-pt-sines-1', 'gb-london-1', 'fr-paris-1'),
  alone: fc.boolean(), maxMoves: fc.nat(3),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;
const inputOf = ({ cause, shedBehaviour, supported, counts, left, target, alone, maxMoves }: Case): LeaveInput => ({
  ...sampleInput(), nodes, zones: cause === 'shed' ? shedding : sampleZones(), cause, counts, ...(target && { targetNode: target }),
  ask: sampleAsk({
    current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 }, shedBehaviour, checkpoint: { supported, sizeGb: 1, intervalS: 300 }, movesUsed: maxMoves - left,
    constraints: alone ? { residency: 'EU', zones: ['FR'] } : { residency: 'EU' }, policy: namedPolicy('balanced', { maxMoves }),
  }),
});

/** W-74, W-75, W-81 and WD-17 as a page of ifs. */
function read({ cause, shedBehaviour, supported, counts, left, target, alone }: Case): readonly [string, string] {
  const stays = cause === 'shed' ? 'pause' : 'keep';
  if (cause === 'shed') {
    if (shedBehaviour === 'continue') return ['keep', 'firm_load'];
    if (shedBehaviour === 'pause') return ['pause', 'asked_to_pause'];
    if (!supported && shedBehaviour !== 'move') return ['pause', 'no_checkpoint'];
  } else if (!supported) return ['keep', 'no_checkpoint'];
  if (alone || target === 'gb-london-1' || target === 'fr-paris-1') return [stays, 'no_candidate'];
  const mayRunOut = cause === 'shed' || cause === 'force';
  if (mayRunOut && counts && left <= 0) return [stays, 'moves_used_up'];
  return ['move', cause];
}

describe('W-74: every cause, behaviour, budget of moves and place to go', () => {
  test('does and says what the words say', () => {
    fc.assert(fc.property(cases, (one) => {
      const { outcome, reason, document } = answerShed(inputOf(one));
      expect([outcome.do, reason]).toEqual(read(one));
      expect([document.outcome, document.reason, document.kind]).toEqual([outcome.do, reason, one.cause === 'force' ? 'request' : 'event']);
      if (outcome.do === 'keep') expect([outcome.reason, document.winner?.node]).toEqual([reason, 'fr-paris-1']);
      if (outcome.do === 'pause') expect([outcome, document.winner]).toEqual([{ do: 'pause', reason: 'shed' }, null]);
    }), { numRuns: 300 });
  });

  test('a move goes to candidates alone, best first, the told one if one was told; it counts if it is said to', () => {
    fc.assert(fc.property(cases.filter((one) => read(one)[0] === 'move'), (one) => {
      const { outcome, document } = answerShed(inputOf(one));
      if (outcome.do !== 'move') throw new Error('it should move');
      const others = document.candidates.map(({ node }) => node).filter((node) => node !== 'fr-paris-1');
      expect(outcome).toEqual({ do: 'move', nodes: one.target ? ['pt-sines-1'] : others, counts: one.counts });
      expect(document.winner?.node).toBe(outcome.nodes[0]);
      expect([document.improvement, document.needed, document.plan]).toEqual([null, null, []]);
    }), { numRuns: 80 });
  });
});

describe('threshold, gain and plan are skipped, and nothing else', () => {
  const run = { current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 } };
  const leave = (ask: Partial<WorkAsk>, over: Partial<LeaveInput> = {}) => answerShed({ ...sampleInput(), nodes, zones: shedding, cause: 'shed', counts: true, ask: sampleAsk({ ...run, ...ask }), ...over });

  test('where W-69 keeps because it is best already, a shed moves, and the loss is written down', () => {
    const input = { ...sampleInput(), nodes, ask: sampleAsk(run) };
    expect(reconsider(input).outcome).toEqual({ do: 'keep', reason: 'best_already' });
    const { document } = leave({});
    expect(BigInt(document.net_gain!.ng) < 0n && BigInt(document.move_cost!.ng) > 0n).toBe(true);
  });

  test.each([0, 900])('a threshold of %s thousandths changes nothing', (thresholdE3) => {
    expect(leave({ policy: namedPolicy('balanced', { thresholdE3 }) }).outcome).toEqual(leave({}).outcome);
  });

  test.each<[string, Partial<WorkAsk>, string[]]>([
    ['a list of zones', { constraints: { residency: 'EU', zones: ['FR', 'DE'] } }, ['de-frankfurt-1']],
    ['a ban on zones', { constraints: { residency: 'EU', excludeZones: ['PT', 'ES', 'BE'] } }, ['de-frankfurt-1']],
    ['residency', { constraints: { residency: 'UK' } }, ['gb-london-1']],
    ['a whole node of GPUs', { gpuCount: 8, gpuModel: 'a100-sxm-80' }, ['es-madrid-1']],
  ])('%s holds under a shed', (_name, ask, expected) => expect(leave(ask).outcome).toMatchObject({ do: 'move', nodes: expected }));

  test('a stale or a fallback signal stops no one who has to leave', () => {
    const stale = shedding.map((zone) => ({ ...zone, signal: { ...zone.signal!, fresh: false, quality: 'fallback' as const } }));
    expect(leave({}, { zones: stale }).outcome).toEqual(leave({}).outcome);
    expect(reconsider({ ...sampleInput(), nodes, zones: stale, ask: sampleAsk(run) }).outcome).toEqual({ do: 'keep', reason: 'stale_signal' });
  });

  test('getting there counts in the order: with terabytes to carry, nearer for the wire is better', () => {
    const zones = shedding.map((zone) => (zone.zone === 'US-TEX-ERCO' ? { ...zone, signal: { ...zone.signal!, intensityMgPerKwh: mgPerKwh(1n) }, forecast: null } : zone));
    const [light, heavy] = [0, 2_000].map((sizeGb) => leave({ gpuModel: 'h200-sxm-141', constraints: { residency: 'any' }, checkpoint: { supported: true, sizeGb, intervalS: 300 } }, { zones }).outcome);
    expect([light, heavy]).toMatchObject([{ nodes: ['us-tx-1', 'gb-london-1'] }, { nodes: ['gb-london-1', 'us-tx-1'] }]);
  });

  test('the more that was done since the checkpoint, the more the move costs and the less it gains', () => {
    fc.assert(fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 5_000 }), (since, more) => {
      const [early, late] = [since, since + more].map((unitsSinceCheckpoint) => leave({ current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint } }, { targetNode: 'pt-sines-1' }).document);
      expect(BigInt(late!.move_cost!.micro_usd)).toBeGreaterThan(BigInt(early!.move_cost!.micro_usd));
      expect(BigInt(late!.net_gain!.ng)).toBeLessThan(BigInt(early!.net_gain!.ng));
    }), { numRuns: 40 });
  });
});
