import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, sampleAsk, sampleForecast, samplePlace, sampleZone, sampleZones } from '../../../test/conformance/routing-sample.ts';
import { place } from './place.ts';
import { namedPolicy } from './policy.ts';
import type { PlaceInput } from './contract.ts';

const MIN = 60_000;
/** One grid hour a minute: a 2 h job on one H100 takes two, its deadline is ten off. */
const twoHours = { remainingUnits: 7_200, schedule: { flexible: true, deadlineMs: NOW + 10 * MIN }, constraints: { residency: 'EU', zones: ['FR'] }, policy: namedPolicy('carbon') } as const;
const hours = (...g: number[]) => [sampleZone('FR', 100, 70, { forecast: sampleForecast([...g, ...Array<number>(60).fill(100)], 70) })];
const better = hours(100, 100, 80, 80);
const decide = (over: Partial<PlaceInput> = {}) => place(samplePlace({ ask: sampleAsk(twoHours), zones: better, ...over }));

describe('W-67, W-170: flexible work waits for a better hour', () => {
  test('20 % better in 3 h: waits, says the latest start and the one hoped for', () => {
    const { outcome, document } = decide();
    // Latest start: 10 − 1.1 × 2 − 2 intervals = 5.8 minutes.
    expect(outcome).toEqual({ do: 'wait', startsByMs: NOW + 5.8 * MIN, bestStartMs: NOW + 3 * MIN });
    expect(document).toMatchObject({ kind: 'wait', outcome: 'wait', reason: 'better_hour', saving: '0.2', starts_by: '2026-01-15T12:05:48.000Z', best_start: '2026-01-15T12:03:00.000Z' });
  });

  test.each<[string, Partial<PlaceInput>]>([
    ['the hour has come', { time: { nowMs: NOW + 3 * MIN, nodeSecondsPerSecond: 60, intervalMs: MIN }, zones: hours(80), waiting: true }],
    ['the forecast worsens', { zones: hours(100, 100, 100, 100), waiting: true }],
    ['the better hour is past the latest start', { zones: hours(100, 100, 100, 100, 100, 100, 80, 80) }],
    ['nobody may wait: surplus, request, a second placement', { mayWait: false }],
    ['it is not flexible', { ask: sampleAsk({ ...twoHours, schedule: { ...twoHours.schedule, flexible: false } }) }],
    ['it has no deadline', { ask: sampleAsk({ ...twoHours, schedule: { flexible: true } }) }],
    ['there is no forecast', { zones: [sampleZone('FR', 100, 70)] }],
    ['the latest start is now', { time: { nowMs: NOW + 5.8 * MIN, nodeSecondsPerSecond: 60, intervalMs: MIN }, waiting: true }],
    ['the latest start is past', { time: { nowMs: NOW + 7 * MIN, nodeSecondsPerSecond: 60, intervalMs: MIN }, waiting: true }],
  ])('starts at once when %s', (_name, over) => expect(decide(over).outcome).toMatchObject({ do: 'place', nodes: ['fr-paris-1'] }));

  test.each([
    ['5.0 % is enough to begin waiting', 95, false, 'wait'], ['4.9 % is not', 95.1, false, 'place'],
    ['who waits goes on down to half of it: 2.5 %', 97.5, true, 'wait'], ['2.4 % starts it', 97.6, true, 'place'],
  ])('%s', (_name, g, waiting, expected) => expect(decide({ zones: hours(100, 100, g, g), waiting }).outcome.do).toBe(expected));

  test('prices at or below zero: any saving counts, none does not', () => {
    const ask = sampleAsk({ ...twoHours, policy: namedPolicy('cost') });
    const priced = (now: number, later: number) => [sampleZone('FR', 100, now, { forecast: sampleForecast(100, [now, now, later, later, ...Array<number>(9).fill(now)]) })];
    expect(decide({ ask, zones: priced(-10, -20) }).outcome.do).toBe('wait');
    expect(decide({ ask, zones: priced(-10, -10) }).outcome.do).toBe('place');
    expect(decide({ ask, zones: priced(0, -1) }).document.saving).toBeNull();
  });

  test('waits for another zone as well', () => {
    const zones = sampleZones().map((view) => (view.zone === 'PT' ? sampleZone('PT', 160, 65, { forecast: sampleForecast([160, 10, 10, 10], 65) }) : view));
    const { outcome } = decide({ zones, ask: sampleAsk({ ...twoHours, constraints: { residency: 'EU' } }) });
    expect(outcome).toMatchObject({ do: 'wait', bestStartMs: NOW + 2 * MIN });
  });

  test('never misses a deadline by waiting: started at the latest start, it ends with 10 % and two intervals to spare', () => {
    const forecast = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 40, maxLength: 40 });
    fc.assert(fc.property(forecast, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 600, max: 72_000 }), (g, deadlineMin, remainingUnits) => {
      const deadlineMs = NOW + deadlineMin * MIN;
      const { outcome } = decide({ zones: hours(...g), ask: sampleAsk({ ...twoHours, remainingUnits, schedule: { flexible: true, deadlineMs } }) });
      if (outcome.do !== 'wait') return true;
      const runMs = (remainingUnits * 1_000) / 60;
      return outcome.bestStartMs <= outcome.startsByMs && outcome.startsByMs + 1.1 * runMs + 2 * MIN <= deadlineMs + 1;
    }), { numRuns: 300 });
  });
});
