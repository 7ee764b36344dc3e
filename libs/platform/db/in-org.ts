import type { MikroORM, SqlEntityManager } from '@mikro-orm/postgresql';
import { sql, type RawBuilder } from 'kysely';

export type { SqlEntityManager };

/** One transaction, bound to one organisation. */
export type InOrg = <T>(orgId: string, work: (em: SqlEntityManager) => Promise<T>) => Promise<T>;

/**
 * One transaction that belongs to no organisation: tables of the grid, the fleet and the directory are open to it, every
 * tenant's table is empty. `actAs` binds the rest of the transaction to one organisation, so that a page of many tenants'
 * work is decided in one transaction while each row is still written under its own tenant's policy.
 */
export type InSystem = <T>(work: (em: SqlEntityManager, actAs: (orgId: string) => Promise<void>) => Promise<T>) => Promise<T>;

/** One statement that belongs to no organisation, as `inSystem`: it is its own transaction, without the round trips of one. */
export type Statement = <T>(query: RawBuilder<T>) => Promise<T[]>;

export interface Database {
  readonly inOrg: InOrg;
  readonly inSystem: InSystem;
  readonly statement: Statement;
}

/** The only way to an EntityManager. Row-level security reads `app.org`; a query outside of it sees no tenant's row. */
export function createDatabase(orm: MikroORM): Database {
  const inSystem: InSystem = (work) =>
    (orm.em.fork() as SqlEntityManager).transactional((em) => work(em, async (orgId) => void (await bind(em, orgId))));
  const inOrg: InOrg = (orgId, work) =>
    inSystem(async (em, actAs) => {
      await actAs(orgId);
      return work(em);
    });
  const statement: Statement = (query) => rows(orm.em.fork() as SqlEntityManager, query);
  return { inOrg, inSystem, statement };
}

const bind = (em: SqlEntityManager, orgId: string) => rows(em, sql`select set_config('app.org', ${orgId}, true)`);

/**
 * Runs SQL in the manager's transaction. A value written as `${value}` travels as a bound parameter; MikroORM's own
 * `execute` pastes values into the text (7.2.1), where they end up in server logs and error messages.
 * bigint, numeric and timestamptz arrive as text.
 */
export const rows = async <T>(em: SqlEntityManager, query: RawBuilder<T>): Promise<T[]> => (await query.execute(em.getKysely())).rows;

/** The one row of a query that has exactly one. */
export async function one<T>(em: SqlEntityManager, query: RawBuilder<T>): Promise<T> {
  const [row, ...more] = await rows(em, query);
  if (!row || more.length > 0) throw new Error(`expected exactly one row, got ${row ? more.length + 1 : 0}`);
  return row;
}
