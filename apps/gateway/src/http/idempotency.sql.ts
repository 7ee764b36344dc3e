import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';

export interface AnswerKey {
  readonly orgId: string;
  readonly route: string;
  readonly key: string;
  readonly sha256: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The text as it was sent. */
  readonly body: string;
}

const LOCK_NOT_AVAILABLE = '55P03';

/** Puts requests of one key in line, across processes too. Nothing stands in the table before the answer does, so a crash leaves nothing. */
export async function lockKey(em: SqlEntityManager, { orgId, route, key }: AnswerKey): Promise<void> {
  try {
    await rows(em, sql`select pg_advisory_xact_lock(hashtextextended(${`${orgId} ${route} ${key}`}, 7))`);
  } catch (error) {
    throw (error as { code?: string }).code === LOCK_NOT_AVAILABLE ? inProgress() : error;
  }
}

export const inProgress = () =>
  new Problem('idempotency-in-progress', 'The first request with this Idempotency-Key is still being answered; ask again with the same key.', {}, { 'retry-after': '1' });

export const findAnswer = async (em: SqlEntityManager, { orgId, route, key }: AnswerKey): Promise<(StoredAnswer & { readonly request_sha256: string }) | undefined> =>
  (await rows(em, sql<StoredAnswer & { request_sha256: string }>`
    select status, headers, body #>> '{}' as body, request_sha256 from idempotency_keys where org_id = ${orgId} and route = ${route} and key = ${key}`))[0];

/** The body is kept as one JSON text, because jsonb would give its members another order. */
export const keepAnswer = (em: SqlEntityManager, { orgId, route, key, sha256 }: AnswerKey, { status, headers, body }: StoredAnswer) =>
  rows(em, sql`insert into idempotency_keys (org_id, route, key, request_sha256, status, headers, body)
               values (${orgId}, ${route}, ${key}, ${sha256}, ${status}, ${JSON.stringify(headers)}::jsonb, to_jsonb(${body}::text))`);
