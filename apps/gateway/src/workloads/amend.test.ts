import { describe, expect, test } from 'vitest';
import { amended, editableEtag, matchEditable } from './amend.ts';
import { AmendWorkload } from './workloads.schemas.ts';

const row = { labels: { team: 'red', site: 'lyon' }, budget: { micro_usd: '900000000', ng: '500' }, on_exhausted: 'pause' as const };
const change = (body: object) => amended(row, AmendWorkload.parse(body));

describe('an amendment is a merge (RFC 7396)', () => {
  test.each([
    [{}, {}],
    [{ labels: { team: 'blue' } }, { labels: { team: 'blue', site: 'lyon' } }],
    [{ labels: { site: null } }, { labels: { team: 'red' } }],
    [{ budget: { usd: '1234.5' } }, { budget: { micro_usd: '1234500000', ng: '500', on_exhausted: 'pause' } }],
    [{ budget: { co2e_g: null, kwh: 2 } }, { budget: { micro_usd: '900000000', mj: '7200000000', on_exhausted: 'pause' } }],
    [{ budget: { on_exhausted: 'stop' } }, { budget: { micro_usd: '900000000', ng: '500', on_exhausted: 'stop' } }],
  ])('%j gives %j', (body, after) => {
    expect(change(body)).toEqual(after);
  });

  test('a workload without a budget gets one', () => {
    expect(amended({ ...row, budget: null }, AmendWorkload.parse({ budget: { usd: 1 } }))).toEqual({ budget: { micro_usd: '1000000', on_exhausted: 'pause' } });
  });
});

describe('the ETag is of what can be changed', () => {
  test('it follows labels, limits and what happens at their end, not the order of members', () => {
    const etag = editableEtag(row);
    expect(editableEtag({ ...row, labels: { site: 'lyon', team: 'red' } })).toBe(etag);
    for (const other of [{ ...row, labels: {} }, { ...row, budget: null }, { ...row, on_exhausted: 'stop' as const }]) expect(editableEtag(other)).not.toBe(etag);
  });

  test('it is asked for only where it was sent', () => {
    for (const match of [undefined, '*', editableEtag(row), ` ${editableEtag(row)} `]) expect(() => matchEditable(row, match)).not.toThrow();
    expect(() => matchEditable(row, '"1"')).toThrow(expect.objectContaining({ code: 'stale-version', headers: { etag: editableEtag(row) } }));
  });
});
