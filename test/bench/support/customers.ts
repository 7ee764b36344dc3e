import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { ORG_KEY_PERMISSIONS } from '#domain/permissions/catalogue';
import { digestOf, makeApiKey, parseApiKey } from '#platform/identity/api-key';

export interface Customer {
  readonly orgId: string;
  readonly keys: readonly string[];
}

/** Organisations with keys, as rows: writes are limited per organisation (P-111) and open streams per key, so load needs many of both. */
export async function addCustomers(database: pg.Client, prefix: string, count: number, keysEach = 1): Promise<Customer[]> {
  const customers = Array.from({ length: count }, () => ({ orgId: randomUUID(), keys: Array.from({ length: keysEach }, () => makeApiKey('wb_test_')) }));
  for (const [n, { orgId, keys }] of customers.entries()) {
    await database.query(`insert into organizations (org_id, slug, name, kind, home_zone, residency) values ($1, $2, $2, 'customer', 'FR', 'any')`, [orgId, `${prefix}-${n}`]);
    for (const key of keys)
      await database.query(`insert into api_keys (org_id, id, key_id, prefix, digest, name, permissions) values ($1, $2, $3, 'wb_test_', $4, 'bench', $5)`,
        [orgId, randomUUID(), parseApiKey(key)!.keyId, digestOf(key), [...ORG_KEY_PERMISSIONS]]);
  }
  return customers;
}
