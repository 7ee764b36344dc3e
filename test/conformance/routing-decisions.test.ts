import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { expect, test } from 'vitest';
import { recompute, withInputsHash } from '#domain/routing/decision';
import type { DecisionDocument } from '#domain/routing/document';
import { inputsSha256 } from '#domain/routing/inputs';
import { namedPolicy } from '#domain/routing/policy';
import { place } from '#domain/routing/place';
import { reconsider } from '#domain/routing/reconsider';
import type { Decision, RoutingInput } from '#domain/routing/contract';
import type { NodeOffer } from '#domain/routing/types';
import { NOW, sampleAsk, sampleForecast, sampleInput, sampleNodes, sampleZones } from './routing-sample.ts';

const HOUR_MS = 3_600_000;

/** A drawn world by number: the same number gives the same decision on every machine. */
function drawn(seed: number): RoutingInput {
  let state = seed + 1;
  const next = (n: number): number => { state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; return state % n; };
  const signal = (zone: ReturnType<typeof sampleZones>[number]) => ({
    ...zone, signal: next(20) === 0 ? null : { ...zone.signal!, intensityMgPerKwh: BigInt(next(900_000)) as never, priceMicroUsdPerMwh: BigInt(next(300_000_000) - 60_000_000) as never, fresh: next(15) !== 0 },
    forecast: next(4) === 0 ? null : sampleForecast(Array.from({ length: 24 }, () => next(900)), Array.from({ length: 24 }, () => next(300) - 60)), shed: next(20) === 0,
  });
  const nodes = sampleNodes().map((node): NodeOffer => ({ ...node, gpusReserved: next(node.gpus + 1), trust: 700 + next(300), state: next(12) === 0 ? 'degraded' : 'online', energyAdderMicroUsdPerMwh: BigInt(next(3_000)) as never }));
  const running = next(2) === 1 ? nodes.find(({ gpusReserved, gpuMemoryGb }) => gpusReserved > 0 && gpuMemoryGb >= 24) : undefined;
  const ask = sampleAsk({
    gpuMemoryGb: 24, remainingUnits: 600 + next(40_000), policy: namedPolicy((['balanced', 'carbon', 'cost'] as const)[next(3)]!), constraints: { residency: next(2) === 0 ? 'EU' : 'any' },
    movesUsed: next(6), current: running ? { nodeSlug: running.slug, unitsSinceCheckpoint: next(300) } : null,
  });
  return { ...sampleInput(), id: `d-${seed}`, time: { nowMs: NOW + seed * HOUR_MS, nodeSecondsPerSecond: 1, intervalMs: 300_000 }, nodes, zones: sampleZones().map(signal), ask };
}

const decide = (input: RoutingInput): Decision => (input.ask.current ? reconsider(input) : place({ ...input, mayWait: false, waiting: false }));
const sha256 = (value: unknown): string => createHash('sha256').update(canonicalize(value)!).digest('hex');
const stored = (decision: Decision): DecisionDocument => JSON.parse(JSON.stringify(withInputsHash(decision.document, inputsSha256(decision.inputs, sha256)))) as DecisionDocument;

test('W-77: 10,000 stored decisions compute again to the same winner and score', () => {
  const outcomes: Record<string, number> = {};
  for (let seed = 0; seed < 10_000; seed += 1) {
    const document: DecisionDocument = JSON.parse(JSON.stringify(decide(drawn(seed)).document)) as DecisionDocument;
    outcomes[document.outcome] = (outcomes[document.outcome] ?? 0) + 1;
    const { wrongScores, first } = recompute(document);
    if (wrongScores.length > 0) expect.fail(`decision ${seed}: scores of ${wrongScores.join(', ')}`);
    if (document.outcome === 'place' && first !== document.winner?.node) expect.fail(`decision ${seed}: ${first} instead of ${document.winner?.node}`);
    if (document.outcome === 'move' && !(Number(document.improvement) >= Number(document.needed) && document.winner?.node !== document.current?.node)) expect.fail(`decision ${seed}: moved without reason`);
  }
  for (const outcome of ['place', 'move', 'keep']) expect(outcomes[outcome], outcome).toBeGreaterThan(5);
}, 240_000);

test('W-59: equal inputs give equal decisions, byte for byte, and equal hashes', () => {
  for (let seed = 0; seed < 300; seed += 1) expect(stored(decide(drawn(seed)))).toEqual(stored(decide(drawn(seed))));
}, 60_000);

test('W-59: a decision of the past comes out as it did when this was written', () => {
  const digest = createHash('sha256');
  for (let seed = 0; seed < 500; seed += 1) {
    const { outcome, winner, improvement } = decide(drawn(seed)).document;
    digest.update(`${outcome} ${winner?.node} ${improvement}\n`);
  }
  expect(digest.digest('hex').slice(0, 16)).toBe('47d07d1d2d2e1eb0');
}, 60_000);
