import { sql } from 'kysely';
import type { DecisionDocument } from '#domain/routing/document';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { notFound } from '#platform/errors/problem';
import { isUuid } from '#platform/ids/uuidv7';

/** @throws Problem not-found for unknown ids and another organisation's alike */
export async function findDecision(em: SqlEntityManager, id: string): Promise<DecisionDocument> {
  const [row] = isUuid(id) ? await rows(em, sql<{ body: DecisionDocument }>`select body from decisions where id = ${id}`) : [];
  if (!row) throw notFound();
  return row.body;
}
