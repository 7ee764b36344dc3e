import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';

/** Far more than the product has: texts that are built anew each time must not fill the server's memory. */
const MOST = 500;
const names = new Map<string, string>();

/**
 * Names each statement that has parameters by its text, so that a connection parses, rewrites (row-level security) and plans it
 * once and not each time. PostgreSQL goes on planning for the values at hand where that pays, and plans anew after a change of the schema.
 */
export function prepareStatements(client: PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((text: unknown, values: unknown, ...rest: unknown[]) => {
    const name = typeof text === 'string' && Array.isArray(values) && values.length > 0 ? nameOf(text) : undefined;
    return name === undefined ? query(text, values, ...rest) : query({ name, text, values }, ...rest);
  }) as typeof client.query;
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST) return known;
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  names.set(text, name);
  return name;
}
