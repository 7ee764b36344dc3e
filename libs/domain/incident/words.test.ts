import { expect, test } from 'vitest';
import type { GridEventKind } from '#domain/grid/event-rules';
import { eventInWords, eventSummary } from './words.ts';

const KINDS: readonly GridEventKind[] = ['absorb', 'shed', 'carbon-spike', 'price-spike', 'stale-signal'];

test.each(KINDS)('%s is said in what an alert holds, and claims nothing', (kind) => {
  const { title, body } = eventInWords(kind, 'United States, Texas (ERCOT)', { target_kw: '123456.789' });
  expect(title.length).toBeLessThanOrEqual(120);
  expect(body.length).toBeLessThanOrEqual(1_000);
  expect(`${title} ${body}`).toContain('Texas');
  expect(`${title} ${body}`.toLowerCase()).not.toMatch(/neutral|guarantee|offset|green/);
});

test.each<[GridEventKind, string]>([
  ['shed', 'Shed in FR: 100 % of flexible load'],
  ['absorb', 'Absorb in FR'],
  ['carbon-spike', 'Carbon spike in FR'],
  ['price-spike', 'Price spike in FR'],
  ['stale-signal', 'Stale signal in FR'],
])('the run of %s: %s', (kind, summary) => expect(eventSummary(kind, 'FR', null)).toBe(summary));
