import { appendFileSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal, readLines, writeDurably } from './journal.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'journal-'));

test('what was put is there after a restart, the newest of each key', () => {
  const path = join(folder(), 'jobs.jsonl');
  const first = new Journal<number>(path);
  first.put('a', 1);
  first.put('b', 2);
  first.put('a', 3);
  first.close();
  const again = new Journal<number>(path);
  expect([again.get('a'), again.get('b'), again.get('c')]).toEqual([3, 2, undefined]);
  expect(readLines(path)).toHaveLength(2);
});

test('a line that a crash cut off is not there, and does not spoil the others', () => {
  const path = join(folder(), 'jobs.jsonl');
  new Journal<number>(path).put('a', 1);
  appendFileSync(path, '{"key":"b","val');
  const again = new Journal<number>(path);
  expect([again.get('a'), again.get('b')]).toEqual([1, undefined]);
  again.put('c', 2);
  expect(new Journal<number>(path).get('c')).toBe(2);
});

test('what need not be kept is gone after a restart', () => {
  const path = join(folder(), 'jobs.jsonl');
  const first = new Journal<number>(path);
  for (const n of [1, 2, 3]) first.put(String(n), n);
  expect([...new Journal<number>(path, (n) => n > 1).values()]).toEqual([2, 3]);
});

test('files are for their owner alone', () => {
  const path = join(folder(), 'keys', 'key.json');
  writeDurably(path, 'secret');
  expect(readFileSync(path, 'utf8')).toBe('secret');
  expect([statSync(path).mode & 0o777, statSync(join(path, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
});
