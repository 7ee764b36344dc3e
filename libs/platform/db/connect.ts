import { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { createDatabase, type Database } from './in-org.ts';
import { prepareStatements } from './prepare-statements.ts';

export interface ConnectOptions {
  readonly url: string;
  /** Process and instance: what an operator reads in pg_stat_activity. */
  readonly applicationName: string;
  readonly poolMax: number;
}

export interface ConnectedDatabase extends Database {
  readonly close: () => Promise<void>;
  /** A query, not a flag: true before the first business query too (O-48). @returns milliseconds it took */
  readonly ping: () => Promise<number>;
}

/** Opens the pool lazily: a database that is away is found by the first query, and the pool recovers by itself. */
export async function connectDatabase({ url, applicationName, poolMax }: ConnectOptions): Promise<ConnectedDatabase> {
  const orm = await MikroORM.init({
    clientUrl: url,
    dbName: new URL(url).pathname.slice(1),
    entities: [],
    discovery: { warnWhenNoEntities: false },
    // What a connection has prepared goes with it: at the usual 10 s each burst after a pause would plan everything anew.
    pool: { max: poolMax, idleTimeoutMillis: 300_000 },
    driverOptions: {
      // Also how long a caller waits for a free connection: a full pool answers 503, it never hangs (O-98).
      connectionTimeoutMillis: 2_000,
      application_name: applicationName,
      statement_timeout: 30_000,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 30_000,
      keepAlive: true,
      onPoolCreated: (pool: Pool) => void pool.on('connect', prepareStatements),
    },
  });
  const ping = async () => {
    const begin = performance.now();
    await orm.em.getConnection().execute('select 1');
    return performance.now() - begin;
  };
  return { ...createDatabase(orm), ping, close: () => orm.close() };
}
