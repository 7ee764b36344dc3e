import pg from 'pg';
import { inject } from 'vitest';

/** The next unused namespace of this run's Temporal server; PostgreSQL counts, since files run in processes of their own. */
export async function takeNamespace(): Promise<string> {
  const client = new pg.Client({ connectionString: `postgres://postgres@${inject('postgres')}/postgres` });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(`select nextval('namespaces') as n`);
    return `t${rows[0]!.n}`;
  } finally {
    await client.end();
  }
}
