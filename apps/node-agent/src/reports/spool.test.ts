import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReportWithOpenings } from '#domain/energy-report/report';
import { Spool } from './spool.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;
let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'spool-')), 'reports');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const sent = (sequence: number, { boot = 'boot-a', at = NOW + sequence * 10_000 } = {}) =>
  ({ report: { boot_id: boot, sequence, interval_start: new Date(at).toISOString(), signature: `sig${String(sequence).padStart(8, '0')}` }, openings: [{ job: `j${sequence}` }] }) as unknown as ReportWithOpenings;
const sequences = (reports: readonly ReportWithOpenings[]) => reports.map(({ report }) => report.sequence);

describe('W-19: what the gateway has not settled lies on disk', () => {
  test('oldest first, whole, with its openings', () => {
    const spool = new Spool(folder);
    for (const n of [1, 2, 3]) spool.put(sent(n));
    const { reports } = spool.oldest(2);
    expect(reports).toEqual([sent(1), sent(2)]);
    expect(spool.size).toBe(3);
  });

  test('is there after a restart, in the same order', () => {
    for (const n of [10, 9, 11]) new Spool(folder).put(sent(n));
    expect(sequences(new Spool(folder).oldest(9).reports)).toEqual([9, 10, 11]);
  });

  test('settled is gone from disk too; what came meanwhile stays', () => {
    const spool = new Spool(folder);
    spool.put(sent(1));
    const { settle } = spool.oldest(5);
    spool.put(sent(2));
    settle();
    settle(); // an answer that comes twice
    expect([spool.size, readdirSync(folder).length]).toEqual([1, 1]);
    expect(sequences(spool.oldest(5).reports)).toEqual([2]);
  });

  test('nobody else on the machine reads it', () => {
    new Spool(folder).put(sent(1));
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  test('a half-written file of a crash is no report', () => {
    new Spool(folder).put(sent(1));
    writeFileSync(join(folder, 'x.json.tmp'), '{');
    expect(new Spool(folder).size).toBe(1);
  });
});

describe('catch-up', () => {
  test('this boot’s after a sequence, and all that earlier boots left', () => {
    const spool = new Spool(folder);
    spool.put(sent(7, { boot: 'boot-old', at: NOW - 60_000 }));
    for (const n of [1, 2, 3]) spool.put(sent(n, { boot: 'boot-new' }));
    expect(sequences(spool.after('boot-new', 1, 9))).toEqual([7, 2, 3]);
    expect(sequences(spool.after('boot-new', 1, 2))).toEqual([7, 2]);
    expect(sequences(spool.after('boot-new', 3, 9))).toEqual([7]);
  });
});

describe('a report that would be refused as too old', () => {
  test.each([[7 * DAY - 1, 0], [7 * DAY, 0], [7 * DAY + 1, 1]])('%s ms after its start: %s given up', (age, gone) => {
    const spool = new Spool(folder);
    spool.put(sent(1, { at: NOW }));
    expect(spool.prune(NOW + age)).toBe(gone);
    expect(spool.size).toBe(1 - gone);
  });
});
