import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sampleAsk, sampleInput, sampleNode, samplePlace } from '../../../test/conformance/routing-sample.ts';
import { fleetTable } from './fleet-table.ts';
import { fleetInputs, fleetSha256, inputsSha256, ownInputs, plainJson } from './inputs.ts';
import { namedPolicy } from './policy.ts';
import { hoursByZone } from './ready.ts';
import type { PlaceInput } from './contract.ts';

const sha256Of = (value: unknown): string => createHash('sha256').update(canonicalize(value)!).digest('hex');
const hashOf = (over: Partial<PlaceInput> = {}) => inputsSha256(samplePlace(over), sha256Of);

describe('what is hashed', () => {
  test('leaves out nothing that was read', () => {
    const whole = samplePlace({ shadowOf: 'd-0' });
    expect(Object.keys({ ...ownInputs(whole), ...fleetInputs(whole) }).sort()).toEqual(['ask', 'codeVersion', 'id', 'mayWait', 'nodes', 'shadowOf', 'time', 'trigger', 'waiting', 'zones']);
  });

  test('is plain JSON: bigints as strings, functions left out', () => {
    expect(plainJson({ big: 12n, list: [1n], how: () => 1 })).toEqual({ big: '12', list: ['1'] });
    expect(JSON.stringify(fleetInputs(samplePlace()))).toContain('"priceMicroUsdPerGpuHour":"2400000"');
  });
});

describe('inputs_sha256', () => {
  test('is recomputed by hand: nodes and zones as a hash of their own', () => {
    const { nodes, zones, ...own } = samplePlace();
    const byName = { nodes: [...nodes].sort((a, b) => (a.slug < b.slug ? -1 : 1)), zones: [...zones].sort((a, b) => (a.zone < b.zone ? -1 : 1)) };
    const fleet_sha256 = sha256Of({ nodes: byName.nodes.map((node) => sha256Of(plainJson(node))), zones: sha256Of(plainJson(byName.zones)) });
    expect(hashOf()).toBe(sha256Of(plainJson({ ...own, fleet_sha256 })));
  });

  test('is the same with the fleet hashed once for many', () => expect(inputsSha256(samplePlace(), sha256Of, fleetSha256(samplePlace(), sha256Of))).toBe(hashOf()));

  test.each<[string, Partial<PlaceInput>]>([
    ['the order of nodes', { nodes: samplePlace().nodes.toReversed() }],
    ['the order of zones', { zones: samplePlace().zones.toReversed() }],
    ['what was made ready of them', { ready: { table: fleetTable(sampleInput().nodes, sampleInput().zones), hoursOf: hoursByZone(sampleInput().zones) } }],
  ])('does not change with %s', (_name, over) => expect(hashOf(over)).toBe(hashOf()));

  test.each<[string, Partial<PlaceInput>]>([
    ['a node', { nodes: samplePlace().nodes.map((node, i) => (i === 3 ? { ...node, trust: 899 } : node)) }],
    ['a count', { nodes: samplePlace().nodes.map((node, i) => (i === 0 ? { ...node, gpusReserved: 1 } : node)) }],
    ['one node more', { nodes: [...samplePlace().nodes, sampleNode('one-more')] }],
    ['a zone', { zones: samplePlace().zones.map((zone) => (zone.zone === 'FR' ? { ...zone, shed: true } : zone)) }],
    ['an hour of a forecast', { zones: samplePlace().zones.map((zone) => (zone.zone === 'FR' ? { ...zone, forecast: { ...zone.forecast!, intensityMgPerKwh: zone.forecast!.intensityMgPerKwh.with(71, 1) } } : zone)) }],
    ['the policy', { ask: sampleAsk({ policy: namedPolicy('balanced', { version: 2 }) }) }],
    ['the time', { time: { ...samplePlace().time, nowMs: 1 } }],
    ['the trigger', { trigger: 'request' }],
    ['how it was asked', { mayWait: false }],
    ['the code', { codeVersion: 'other' }],
  ])('changes with %s', (_name, over) => expect(hashOf(over)).not.toBe(hashOf()));
});
