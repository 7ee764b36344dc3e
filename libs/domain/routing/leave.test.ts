import { describe, expect, test } from 'vitest';
import { sampleAsk, sampleForecast, sampleInput, sampleNodes, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { answerShed } from './leave.ts';
import type { LeaveInput } from './contract.ts';
import type { WorkAsk } from './types.ts';

const nodes = sampleNodes().map((node) => ({ ...node, gpusReserved: node.slug === 'fr-paris-1' ? 1 : 0 }));
const shedding = sampleZones().map((zone) => ({ ...zone, shed: zone.zone === 'FR' }));
const none = { supported: false, sizeGb: 0, intervalS: 300 } as const;
const inFrance = { residency: 'EU', zones: ['FR'] } as const;

const leave = (ask: Partial<WorkAsk>, over: Partial<LeaveInput> = {}) => answerShed({
  ...sampleInput(), trigger: 'event:shed-1', nodes, zones: shedding, cause: 'shed', counts: true,
  ask: sampleAsk({ current: { nodeSlug: 'fr-paris-1', unitsSinceCheckpoint: 0 }, ...ask }), ...over,
});

describe('W-74: shed', () => {
  test('moves to the best candidate elsewhere without asking for 25 %, a gain or a plan', () => {
    const { outcome, document } = leave({});
    expect(outcome).toEqual({ do: 'move', nodes: ['pt-sines-1', 'es-madrid-1', 'be-brussels-1', 'de-frankfurt-1'], counts: true });
    expect(document).toMatchObject({ kind: 'event', outcome: 'move', reason: 'shed', winner: { node: 'pt-sines-1' }, current: { node: 'fr-paris-1' }, improvement: null });
    expect(BigInt(document.net_gain!.ng), 'it costs grams, and says so').toBeLessThan(0n);
  });

  test.each<[string, Partial<WorkAsk>, string, string]>([
    ['it is asked to pause', { shedBehaviour: 'pause' }, 'pause', 'asked_to_pause'],
    ['there is nowhere to go', { constraints: inFrance }, 'pause', 'no_candidate'],
    ['nowhere to go for `move` either', { constraints: inFrance, shedBehaviour: 'move' }, 'pause', 'no_candidate'],
    ['all moves are used (WD-17)', { movesUsed: 5 }, 'pause', 'moves_used_up'],
    ['it makes no checkpoints', { checkpoint: none }, 'pause', 'no_checkpoint'],
    ['it is firm load', { shedBehaviour: 'continue' }, 'keep', 'firm_load'],
    ['it makes no checkpoints but said `move`: from 0 (W-75)', { checkpoint: none, shedBehaviour: 'move' }, 'move', 'shed'],
  ])('%s', (_name, ask, does, reason) => {
    const { outcome, document } = leave(ask);
    expect([outcome.do, document.reason]).toEqual([does, reason]);
  });
});

describe('W-74: drain and quarantine', () => {
  const draining = nodes.map((node) => (node.slug === 'fr-paris-1' ? { ...node, state: 'draining' as const } : node));
  const quiet = { zones: sampleZones(), nodes: draining };

  test.each(['drain', 'quarantine'] as const)('%s moves, also with all moves used, and counts', (cause) => {
    expect(leave({ movesUsed: 5 }, { ...quiet, cause }).outcome).toMatchObject({ do: 'move', counts: true });
  });

  test('a drain for a deploy does not count', () => {
    expect(leave({}, { ...quiet, cause: 'drain', counts: false }).outcome).toMatchObject({ do: 'move', counts: false });
  });

  test('with nowhere to go it stays and says why; the constraints hold', () => {
    expect(leave({ constraints: inFrance }, { ...quiet, cause: 'drain' }).outcome).toEqual({ do: 'keep', reason: 'no_candidate' });
  });
});

describe('W-74, W-87: told to', () => {
  const quiet = { zones: sampleZones(), cause: 'force' } as const;

  test('goes to the best other node, as a request', () => {
    const { outcome, document } = leave({}, quiet);
    expect(outcome).toMatchObject({ do: 'move', nodes: ['pt-sines-1', 'es-madrid-1', 'be-brussels-1', 'de-frankfurt-1'] });
    expect(document).toMatchObject({ kind: 'request', reason: 'force' });
  });

  test.each(['de-frankfurt-1', 'id-de-frankfurt-1'])('goes where it is told, by slug or id: %s', (targetNode) => {
    expect(leave({}, { ...quiet, targetNode }).outcome).toMatchObject({ nodes: ['de-frankfurt-1'] });
  });

  test.each<[string, Partial<WorkAsk>, Partial<LeaveInput>, string]>([
    ['a node that a constraint excludes', {}, { targetNode: 'gb-london-1' }, 'no_candidate'],
    ['a node that nobody knows', {}, { targetNode: 'nowhere-1' }, 'no_candidate'],
    ['the node where it is', {}, { targetNode: 'fr-paris-1' }, 'no_candidate'],
    ['all moves used', { movesUsed: 5 }, {}, 'moves_used_up'],
    ['no checkpoints', { checkpoint: none }, {}, 'no_checkpoint'],
  ])('%s: stays', (_name, ask, over, reason) => {
    expect(leave(ask, { ...quiet, ...over }).outcome).toEqual({ do: 'keep', reason });
  });

  test('work that does not run cannot leave', () => expect(() => leave({ current: null })).toThrow('place it'));
});

test('without any signal work still leaves a shedding zone, by price', () => {
  const blind = shedding.map((zone) => ({ ...zone, signal: null }));
  const { outcome, document } = leave({}, { zones: blind });
  expect(outcome).toMatchObject({ do: 'move', nodes: ['es-madrid-1', 'be-brussels-1', 'pt-sines-1', 'de-frankfurt-1'] });
  expect(document).toMatchObject({ carbon_unknown: true, net_gain: null });
});

test('the runner-up of a shed is the next best place to go, unless staying would have been better', () => {
  const { document } = leave({});
  const objectives = document.candidates.map(({ objective }) => Number(objective));
  expect(document.candidates.find(({ node }) => node === 'fr-paris-1')!.objective, 'what staying is expected to cost').toBe('780657');
  expect(objectives).toEqual(objectives.toSorted((a, b) => a - b));
  const dirty = shedding.map((zone) => (zone.zone === 'FR' ? sampleZone('FR', 900, 300, { forecast: sampleForecast(900, 300), shed: true }) : zone));
  expect(leave({}, { zones: dirty }).document.runner_up?.node).toBe('es-madrid-1');
});
