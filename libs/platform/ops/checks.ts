import { sql } from 'kysely';
import { rows, type Database } from '#platform/db/in-org';

/** One thing that a process depends on. Without a required one it is not ready; without another it is degraded. */
export interface Check {
  readonly name: string;
  readonly required: boolean;
  /** Resolves with words for the operator, or nothing; throws where the thing is away. */
  readonly ask: () => Promise<string | void>;
}

export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'degraded' | 'down';
  readonly latency_ms: number;
  readonly message?: string;
}

const ASK_MS = 900;
const BELIEVED_MS = 1_000;

/** Asks all at once, believes the answers for one second (O-48): a probe that is called often costs nothing. */
export function cachedChecks(checks: readonly Check[]): () => Promise<readonly CheckResult[]> {
  let last: { readonly at: number; readonly results: Promise<readonly CheckResult[]> } | undefined;
  return () => {
    if (!last || performance.now() - last.at > BELIEVED_MS) last = { at: performance.now(), results: Promise.all(checks.map(answerOf)) };
    return last.results;
  };
}

async function answerOf({ name, required, ask }: Check): Promise<CheckResult> {
  const begin = performance.now();
  const latency = () => Math.round(performance.now() - begin);
  try {
    const message = await within(ASK_MS, ask());
    return { name, status: 'ok', latency_ms: latency(), ...(message ? { message } : {}) };
  } catch (error) {
    return { name, status: required ? 'down' : 'degraded', latency_ms: latency(), message: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

export interface SchemaVersion {
  readonly schema_version: string | null;
  readonly last_migrated_at: string | null;
}

/** What the database says about itself: the newest migration and when it was applied. */
export const readSchemaVersion = ({ inSystem }: Database): Promise<SchemaVersion | undefined> =>
  inSystem(async (em) => (await rows(em, sql<SchemaVersion>`
    select id as schema_version, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_migrated_at
      from migrations.history where state = 'applied' order by id desc limit 1`))[0]);

/** O-49: a process does not serve on a schema that is older than its own code. A newer one is an expansion, and fine. */
export const schemaCheck = (database: Database, expected: string): Check => ({
  name: 'schema', required: true,
  ask: async () => {
    const found = await readSchemaVersion(database);
    if (!found?.schema_version || found.schema_version < expected) throw new Error(`the schema is ${found?.schema_version ?? 'empty'}, this release needs ${expected}; run wattbook db migrate as the owner role`);
  },
});
