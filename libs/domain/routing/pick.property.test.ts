import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleAsk, sampleNode, samplePlace, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { fleetTable } from './fleet-table.ts';
import { pick, scoreAt, tieBreak } from './pick.ts';
import { namedPolicy } from './policy.ts';
import { compareTies } from './score.ts';
import { candidatesOf } from './screen.ts';
import type { NodeOffer } from './types.ts';

const { time } = samplePlace();
const KEYS = ['FR', 'DE', 'GB', 'US-CAL-CISO'] as const;

const node = fc.record({
  zone: fc.constantFrom(...KEYS), gpus: fc.constantFrom(1, 3, 8), used: fc.nat(8), state: fc.constantFrom('online', 'online', 'online', 'degraded', 'silent'),
  trust: fc.constantFrom(800, 900), price: fc.integer({ min: 1, max: 5 }), memory: fc.constantFrom(24, 80),
} satisfies Record<string, fc.Arbitrary<unknown>>);
const fleet = fc.array(node, { maxLength: 30 }).map((rows) => rows.map((row, i): NodeOffer => sampleNode(`n-${i}`, {
  zone: row.zone, gpus: row.gpus, gpusReserved: Math.min(row.used, row.gpus), state: row.state as NodeOffer['state'], trust: row.trust,
  priceMicroUsdPerGpuHour: BigInt(row.price) as NodeOffer['priceMicroUsdPerGpuHour'], gpuMemoryGb: row.memory,
})));
const zones = fc.tuple(...KEYS.map((key) => fc.option(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -1, max: 2 })), { freq: 6 })
  .map((signal) => (signal ? sampleZone(key, signal[0] * 100, signal[1] * 50) : sampleZone(key, 0, 0, { signal: null })))));
const asks = fc.record({ gpuCount: fc.constantFrom(1, 2), gpuMemoryGb: fc.constantFrom(16, 48), policy: fc.constantFrom(...(['balanced', 'carbon', 'cost'] as const)), residency: fc.constantFrom('any', 'EU') })
  .map(({ policy, residency, ...rest }) => sampleAsk({ ...rest, policy: namedPolicy(policy), constraints: { residency } as { residency: 'any' | 'EU' } }));

test('the fast loop picks what sorting all candidates by score and ties picks', () => {
  fc.assert(fc.property(fleet, zones, asks, (offers, views, ask) => {
    const table = fleetTable(offers, views);
    const { nodes } = table;
    const { winner, runnerUp, screened } = pick(table, ask, time);
    const order = screened.carbonUnknown
      ? (a: number, b: number) => Number(nodes[a]!.priceMicroUsdPerGpuHour - nodes[b]!.priceMicroUsdPerGpuHour) || (nodes[a]!.slug < nodes[b]!.slug ? -1 : 1)
      : (a: number, b: number) => scoreAt(table, a, ask) - scoreAt(table, b, ask) || compareTies(tieBreak(table, a), tieBreak(table, b));
    const sorted = candidatesOf(screened).sort(order);
    expect([winner, runnerUp]).toEqual([sorted[0] ?? -1, sorted[1] ?? -1]);
  }), { numRuns: 2_000 });
});

test('every node is a candidate or excluded once, and candidates are of one standing', () => {
  fc.assert(fc.property(fleet, zones, asks, (offers, views, ask) => {
    const table = fleetTable(offers, views);
    const { nodes } = table;
    const { screened } = pick(table, ask, time);
    const candidates = candidatesOf(screened);
    expect(candidates).toHaveLength(screened.fitting);
    expect(screened.fitting + Object.values(screened.excluded).reduce((a, b) => a + b, 0)).toBe(nodes.length);
    expect(new Set(candidates.map((i) => `${nodes[i]!.state} ${views.find(({ zone }) => zone === nodes[i]!.zone)!.signal === null}`)).size).toBeLessThanOrEqual(1);
  }), { numRuns: 500 });
});

test('the order of the nodes does not matter', () => {
  fc.assert(fc.property(fleet, zones, asks, fc.infiniteStream(fc.nat()), (nodes, views, ask, keys) => {
    const shuffled = nodes.map((one) => ({ one, key: keys.next().value as number })).sort((a, b) => a.key - b.key).map(({ one }) => one);
    const slugsOf = (list: readonly NodeOffer[]) => {
      const table = fleetTable(list, views);
      const { winner, runnerUp, winnerScoreE6, screened } = pick(table, ask, time);
      return [table.nodes[winner]?.slug, table.nodes[runnerUp]?.slug, winnerScoreE6, screened.excluded];
    };
    expect(slugsOf(shuffled)).toEqual(slugsOf(nodes));
  }), { numRuns: 500 });
});
