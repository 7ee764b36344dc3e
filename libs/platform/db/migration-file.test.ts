import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MIGRATIONS } from './migrate.ts';
import { parseMigration, readMigrations } from './migration-file.ts';

const ID = '202611211300_first';
const file = (over: Partial<Record<'kind' | 'effect' | 'before' | 'after' | 'up' | 'down', string>> = {}) => {
  const { kind = 'expand', effect = 'none', before = 'select true', after = 'select 1 = 1', up = 'create table a ();', down = 'drop table a;' } = over;
  return `-- kind: ${kind}\n-- effect: ${effect}\n-- before: ${before}\n-- after: ${after}\n\n-- up\n${up}\n\n-- down\n${down}\n`;
};

describe('O-88: what a migration file says', () => {
  test('headers, both directions, and the hash of all of it', () => {
    const parsed = parseMigration(ID, file());
    expect(parsed).toMatchObject({ id: ID, kind: 'expand', effect: 'none', before: 'select true', after: 'select 1 = 1', up: '\ncreate table a ();\n\n', down: '\ndrop table a;\n' });
    expect(parsed.checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a changed letter anywhere is another checksum', () => {
    const sums = [file(), file({ up: 'create table b ();' }), file({ down: 'drop table b;' }), file({ effect: 'nothing' })].map((text) => parseMigration(ID, text).checksum);
    expect(new Set(sums).size).toBe(4);
  });

  test.each(['expand', 'migrate', 'contract'])('%s is a kind', (kind) => expect(parseMigration(ID, file({ kind })).kind).toBe(kind));

  test.each([
    ['another kind', ID, file({ kind: 'hope' }), 'kind is expand, migrate or contract, not hope'],
    ['no effect', ID, file().replace(/^-- effect.*\n/m, ''), 'the header "-- effect: …" is missing'],
    ['no before', ID, file().replace(/^-- before.*\n/m, ''), 'the header "-- before: …" is missing'],
    ['no after', ID, file().replace(/^-- after.*\n/m, ''), 'the header "-- after: …" is missing'],
    ['no down', ID, file().replace('-- down', '-- back'), 'the sections "-- up" and "-- down" are missing'],
    ['a name without its time', 'first', file(), 'name it YYYYMMDDHHMM_slug.sql'],
    ['a name with capitals', '202611211300_First', file(), 'name it YYYYMMDDHHMM_slug.sql'],
  ])('%s is refused, with words', (_name, id, text, message) => expect(() => parseMigration(id, text)).toThrow(`migration ${id}: ${message}`));
});

describe('a folder of them', () => {
  test('is read in the order of the names; what is no SQL is left out', () => {
    const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
    try {
      for (const name of ['202601020000_b.sql', '202601010000_c.sql', 'README.md']) writeFileSync(join(folder, name), file());
      expect(readMigrations(folder).map(({ id }) => id)).toEqual(['202601010000_c', '202601020000_b']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the product’s own: each can be read, times differ, and none removes what the previous release needs without saying so', () => {
    const all = readMigrations(MIGRATIONS);
    expect(all.length).toBeGreaterThan(5);
    expect(new Set(all.map(({ id }) => id.slice(0, 12))).size).toBe(all.length);
    const removes = /^\s*(?:drop table|alter table \w+ (?:drop column|rename)|truncate)\b/im;
    expect(all.filter(({ kind, up }) => kind === 'expand' && removes.test(up)).map(({ id }) => id)).toEqual([]);
    expect(all.filter(({ down }) => down.trim() === '').map(({ id }) => id)).toEqual([]);
  });
});
