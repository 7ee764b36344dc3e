import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, migrateDown } from '#platform/db/migrate';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { TABLES } from '#platform/db/tables';
import { GRANTS } from '#platform/db/grants';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';

let db: FreshDatabase;
const [A, B] = [uuidv7(), uuidv7()];

beforeAll(async () => {
  db = await freshDatabase();
  for (const [id, slug] of [[A, 'org-a'], [B, 'org-b']] as const)
    await db.inOrg(id, (em) => rows(em, sql`insert into organizations (org_id, slug, name, kind, home_zone, residency) values (${id}, ${slug}, ${slug}, 'customer', 'FR', 'any')`));
});
afterAll(() => db.close());

describe('tenancy (O-85, O-86, P-10)', () => {
  test('every table is classified, and every tenant table is forced, has a policy and carries org_id in each unique and foreign key', async () => {
    const tables = await query<{ name: string; forced: boolean; policies: number; has_org: boolean }>(db.superuserUrl, `
      select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
             (select count(*)::int from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant') as policies,
             exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and a.attnotnull) as has_org
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`);
    expect(tables.map(({ name }) => name)).toEqual(Object.keys(TABLES).sort());
    for (const { name, forced, policies, has_org } of tables)
      if (TABLES[name] === 'tenant') expect({ name, forced, policies, has_org }).toEqual({ name, forced: true, policies: 1, has_org: true });
      else expect({ name, forced }).toEqual({ name, forced: false });
  });

  test('unique keys of tenant tables contain org_id, save the look-ups that come before an organisation is known and the key of a node, which is one node\'s for ever (M-39)', async () => {
    const keys = await query<{ table: string; key: string }>(db.superuserUrl, `
      select c.relname as table, pg_get_indexdef(i.indexrelid) as key from pg_index i join pg_class c on c.oid = i.indrelid
       where i.indisunique and c.relnamespace = 'public'::regnamespace and not c.relispartition`);
    const without = keys.filter(({ table, key }) => TABLES[table] === 'tenant' && !key.includes('org_id')).map(({ table, key }) => `${table} ${/\((.*)\)/.exec(key)![1]}`);
    expect(without.sort()).toEqual(['api_keys key_id', 'audit_chains chain_id', 'node_credentials node_token_sha256', 'node_credentials public_key', 'node_enrolments token_sha256', 'organizations slug']);
  });

  test('an organisation sees its own rows, none outside a transaction of its own, and cannot write another\'s', async () => {
    const see = (orgId: string) => db.inOrg(orgId, (em) => rows(em, sql<{ slug: string }>`select slug from organizations`));
    expect(await see(A)).toEqual([{ slug: 'org-a' }]);
    expect(await db.inSystem((em) => rows(em, sql`select slug from organizations`))).toEqual([]);
    await expect(db.inOrg(A, (em) => rows(em, sql`insert into alerts (org_id, id, kind, severity, title, body, dedup_key) values (${B}, ${uuidv7()}, 'x', 'info', 't', 'b', 'k')`))).rejects.toThrow(/row-level security/);
  });

  test('two organisations interleaved on few connections never meet', async () => {
    const sees = async (orgId: string) => {
      const found = await db.inOrg(orgId, (em) => rows(em, sql<{ org_id: string }>`select org_id from organizations`));
      return found.length === 1 && found[0]!.org_id === orgId;
    };
    const seen: boolean[] = [];
    // Twice as many at once as there are connections; more would only wait, and who waits for 2 s is refused (O-98).
    for (let round = 0; round < 50; round += 1) seen.push(...(await Promise.all(Array.from({ length: 40 }, (_, n) => sees(n % 2 ? A : B)))));
    expect(seen.filter((own) => !own)).toEqual([]);
  });

  test('acting as one organisation after another in one transaction sees each alone', async () => {
    const slugs = await db.inSystem(async (em, actAs) => {
      const found: string[][] = [];
      for (const id of [A, B]) {
        await actAs(id);
        found.push((await rows(em, sql<{ slug: string }>`select slug from organizations`)).map(({ slug }) => slug));
      }
      return found;
    });
    expect(slugs).toEqual([['org-a'], ['org-b']]);
  });
});

describe('append-only tables (O-87)', () => {
  test.each(['audit_events', 'grid_signals', 'decisions', 'energy_reports', 'report_openings', 'usage_facts', 'grid_event_history'])('%s refuses the product by its grants and the owner by a trigger', async (table) => {
    expect(GRANTS.wattbook_app[table]).toBe('select, insert');
    for (const statement of [`update ${table} set ${table === 'grid_signals' ? 'value = 0' : 'org_id = org_id'}`, `delete from ${table}`, `truncate ${table}`])
      await expect(query(db.url, statement)).rejects.toThrow(/permission denied|does not exist/);
    await expect(query(db.ownerUrl, `truncate ${table}`)).rejects.toThrow(/append-only/);
  });

  test('a row of a public append-only table cannot be changed by its owner', async () => {
    await query(db.superuserUrl, `insert into zones (key, name, latitude, longitude, time_zone, residency, sources, fallback_intensity_mg_per_kwh, fallback_source, fallback_year) values ('XX', 'x', 0, 0, 'UTC', 'EU', '[]', 1, 'test', 2026)`);
    await query(db.superuserUrl, `insert into grid_events (zone, id, kind, start_at, cause, evidence) values ('XX', 'shed-20260101T000000Z', 'shed', now(), 'test', '{}')`);
    await query(db.superuserUrl, `insert into grid_event_history (zone, event_id, seq, state, cause) values ('XX', 'shed-20260101T000000Z', 1, 'MONITORING', 'test')`);
    for (const statement of [`update grid_event_history set state = 'RESOLVED'`, 'delete from grid_event_history'])
      await expect(query(db.ownerUrl, statement)).rejects.toThrow(/append-only/);
  });
});

describe('grants and migrations', () => {
  test('the product\'s role may do what grants.ts says and nothing else (O-84)', async () => {
    const granted = await query<{ table: string; may: string }>(db.superuserUrl, `
      select table_name as table, string_agg(lower(privilege_type), ', ' order by array_position(array['SELECT','INSERT','UPDATE','DELETE'], privilege_type)) as may
        from information_schema.role_table_grants where grantee = 'wattbook_app' and table_schema = 'public' group by 1`);
    expect(Object.fromEntries(granted.map(({ table, may }) => [table, may]))).toEqual(GRANTS.wattbook_app);
  });

  test('no role of the product owns what it should not, is superuser or passes row security', async () => {
    const roles = await query<{ rolname: string }>(db.superuserUrl, `select rolname from pg_roles where rolname like 'wattbook%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)`);
    expect(roles).toEqual([]);
    const owned = await query(db.superuserUrl, `select relname from pg_class where relnamespace = 'public'::regnamespace and pg_get_userbyid(relowner) <> 'wattbook_owner'`);
    expect(owned).toEqual([]);
  });

  test('apply, down, apply gives the same catalogue (O-90)', async () => {
    const other = await freshDatabase();
    try {
      const catalogue = () => query(other.superuserUrl, `
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) as fallback
          from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
         where c.relnamespace = 'public'::regnamespace and not a.attisdropped order by 1, a.attnum`);
      const before = await catalogue();
      while (await migrateDown(other.ownerUrl)) continue;
      expect(await catalogue()).toEqual([]);
      await migrate(other.ownerUrl);
      expect(await catalogue()).toEqual(before);
    } finally {
      await other.close();
    }
  });

  test('an applied file that was changed is an error', async () => {
    await expect(migrate(db.ownerUrl)).resolves.toMatchObject({ applied: [] });
    await query(db.superuserUrl, `update migrations.history set checksum = 'changed' where id like '%_foundation'`);
    await expect(migrate(db.ownerUrl)).rejects.toThrow(/was changed after it was applied/);
  });
});
