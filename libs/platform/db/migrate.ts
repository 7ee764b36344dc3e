import { join } from 'node:path';
import pg from 'pg';
import { projectRoot } from '../process/project-root.ts';
import { readMigrations, type Migration } from './migration-file.ts';

export const MIGRATIONS = join(projectRoot(), 'libs/platform/db/migrations');

const LOCK = 7_233_543_300; // one migrating process at a time

export interface MigrateResult {
  readonly applied: readonly string[];
  readonly version: string;
}

/**
 * Brings the schema to the newest version, as its owner, in a step of its own: no process of the product migrates when it starts.
 * Each file runs in one transaction between its two assertions; a file changed after it was applied, or one that failed
 * half-way, stops everything with words.
 */
export async function migrate(ownerUrl: string, folder = MIGRATIONS): Promise<MigrateResult> {
  return withOwner(ownerUrl, async (client) => {
    const done = await history(client);
    const applied: string[] = [];
    const migrations = readMigrations(folder);
    for (const migration of migrations) {
      const before = done.get(migration.id);
      if (before === undefined) {
        await apply(client, migration);
        applied.push(migration.id);
      } else if (before !== migration.checksum) {
        throw new Error(`migration ${migration.id} was changed after it was applied; restore the file and write a new migration instead`);
      }
    }
    return { applied, version: migrations.at(-1)?.id ?? 'none' };
  });
}

/** Undoes the newest migration: for the test that apply, down, apply gives the same catalogue (O-90). */
export async function migrateDown(ownerUrl: string, folder = MIGRATIONS): Promise<string | undefined> {
  return withOwner(ownerUrl, async (client) => {
    const done = await history(client);
    const last = readMigrations(folder).findLast(({ id }) => done.has(id));
    if (!last) return undefined;
    await client.query('begin');
    await client.query(last.down);
    await client.query('delete from migrations.history where id = $1', [last.id]);
    await client.query('commit');
    return last.id;
  });
}

async function withOwner<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'wattbook-migrate', lock_timeout: 5_000, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // a lost connection rejects the query in flight; this only keeps it from being fatal
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    return await work(client);
  } finally {
    await client.end();
  }
}

async function history(client: pg.Client): Promise<Map<string, string>> {
  await client.query('create schema if not exists migrations');
  await client.query(`create table if not exists migrations.history (
    id text primary key, checksum text not null, kind text not null, state text not null, applied_at timestamptz not null default clock_timestamp())`);
  await client.query('grant usage on schema migrations to wattbook_app, wattbook_read; grant select on migrations.history to wattbook_app, wattbook_read');
  const { rows } = await client.query<{ id: string; checksum: string; state: string }>('select id, checksum, state from migrations.history');
  const failed = rows.find(({ state }) => state === 'failed');
  if (failed) throw new Error(`migration ${failed.id} failed half-way before; look at the database, repair it by hand, then delete its row in migrations.history`);
  return new Map(rows.map(({ id, checksum }) => [id, checksum]));
}

async function apply(client: pg.Client, { id, kind, checksum, before, after, up }: Migration): Promise<void> {
  const record = (state: string) => client.query(
    `insert into migrations.history (id, checksum, kind, state) values ($1, $2, $3, $4) on conflict (id) do update set state = excluded.state`, [id, checksum, kind, state]);
  try {
    await client.query('begin');
    await assertTrue(client, before, `migration ${id} does not apply here: its "before" is not true`);
    await client.query(up);
    await assertTrue(client, after, `migration ${id} did not do what it says: its "after" is not true`);
    await record('applied');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function assertTrue(client: pg.Client, statement: string, message: string): Promise<void> {
  const { rows } = await client.query({ text: statement, rowMode: 'array' });
  if (rows[0]?.[0] !== true) throw new Error(`${message}: ${statement}`);
}
