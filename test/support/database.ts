import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '#platform/db/connect';

export interface FreshDatabase extends ConnectedDatabase {
  /** As the product's role; `ownerUrl` as the schema's owner; `superuserUrl` sees every tenant's rows. */
  readonly url: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
}

/** A migrated database of this file's own, cloned from the run's template in milliseconds (O-110). Close it in afterAll. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const address = inject('postgres');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asSuperuser(address, `create database ${name} template template strategy file_copy owner wattbook_owner`);
  const as = (role: string) => `postgres://${role}@${address}/${name}`;
  const database = await connectDatabase({ url: as('wattbook_app'), applicationName: 'test', poolMax: 20 });
  const close = async () => {
    await database.close();
    await asSuperuser(address, `drop database ${name} with (force)`);
  };
  return { ...database, close, url: as('wattbook_app'), ownerUrl: as('wattbook_owner'), superuserUrl: as('postgres') };
}

async function asSuperuser(address: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `postgres://postgres@${address}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Rows as a superuser sees them: for assertions about all tenants at once. */
export async function query<T extends object>(url: string, text: string, values: readonly unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
