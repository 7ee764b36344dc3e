import { expect, test } from 'vitest';
import type { GridEventKind } from '#domain/grid/event-rules';
import { gridEventId } from '#domain/grid/events';
import { eventInWords, eventSummary } from './words.ts';

const KINDS: readonly GridEventKind[] = ['absorb', 'shed', 'carbon-spike', 'price-spike', 'stale-signal'];

test.each(KINDS)('%s is said in what an alert holds, and claims nothing', (kind) => {
  const { title, body } = eventInWords(kind, 'United States, Texas (ERCOT)', { target_kw: '123456.789' });
  expect(title.length).toBeLessThanOrEqual(120);
  expect(body.length).toBeLessThanOrEqual(1_000);
  expect(`${title} ${body}`).toContain('Texas');
  expect(`${title} ${body}`.toLowerCase()).not.toMatch(/neutral|guarantee|offset|green/);
});

test.each(KINDS.map((kind) => [kind, { shed: 'Shed', absorb: 'Absorb', 'carbon-spike': 'Carbon spike', 'price-spike': 'Price spike', 'stale-signal': 'Stale signal' }[kind]] as const))(
  'the run of %s begins with %s', (kind, words) => expect(eventSummary(gridEventId(kind, Date.parse('2026-01-15T12:00:00Z')), 'FR')).toBe(`${words} in FR`));
