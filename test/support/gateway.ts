import { randomBytes } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { sql } from 'kysely';
import { inject } from 'vitest';
import { ORG_KEY_PERMISSIONS, OPERATOR_KEY_PERMISSIONS, type Permission } from '#domain/permissions/catalogue';
import { keyRingOf } from '#platform/config/key-ring';
import { loadConfig } from '#platform/config/load';
import { connectDatabase } from '#platform/db/connect';
import { rows, type Database } from '#platform/db/in-org';
import { digestOf, makeApiKey, parseApiKey } from '#platform/identity/api-key';
import { uuidv7 } from '#platform/ids/uuidv7';
import { silentLogger, type Logger } from '#platform/telemetry/logger';
import { createMetrics } from '#platform/telemetry/metrics';
import { connectTemporal } from '#platform/temporal/connect';
import { createDataConverter } from '#platform/temporal/data-converter';
import type { TemporalLink } from '#platform/temporal/link';
import type { GatewayConfig } from '../../apps/gateway/src/config.ts';
import { createGateway } from '../../apps/gateway/src/gateway.ts';
import type { FreshDatabase } from './database.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line -- answers are judged member by member
  readonly json: any;
}

export interface TestGateway {
  readonly url: string;
  request(method: string, path: string, options?: { key?: string; body?: unknown; raw?: string | Uint8Array; headers?: Record<string, string> }): Promise<Answer>;
  close(): Promise<void>;
}

const ring = JSON.stringify({ active: 'k1', keys: { k1: randomBytes(32).toString('base64') } });

/** What a gateway of the tests is told; `env` overrides by variable name. */
export function testConfig(databaseUrl: string, env: Record<string, string> = {}): GatewayConfig {
  const loaded = loadConfig({
    WATTBOOK_MODE: 'test', DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: inject('temporal') || '127.0.0.1:1', TEMPORAL_NAMESPACE: 't0',
    WATTBOOK_PAYLOAD_KEYS: ring, WATTBOOK_MASTER_KEYS: ring, WATTBOOK_SIGNING_KEYS: ring, ...env,
  });
  if (!loaded.ok) throw new Error(loaded.errors.map(({ name, reason }) => `${name} ${reason}`).join('; '));
  return loaded.value as GatewayConfig;
}

/** The gateway as main.ts wires it, on a port of its own. */
export async function startGateway(database: FreshDatabase, env: Record<string, string> = {}, { log = silentLogger, controllers, temporal: wrapped = (link) => link }: { log?: Logger; controllers?: readonly Type[]; temporal?: (link: TemporalLink) => TemporalLink } = {}): Promise<TestGateway> {
  const config = testConfig(database.url, env);
  const connected = env['DATABASE_URL'] ? await connectDatabase({ url: env['DATABASE_URL'], applicationName: 'test gateway', poolMax: 20 }) : undefined;
  const temporal = wrapped(await connectTemporal(config, createDataConverter(keyRingOf(config.payloadKeys), config.temporalNamespace)));
  const app = await createGateway({ config, database: connected ?? database, temporal, log, metrics: createMetrics('gateway') }, controllers);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    url,
    request: async (method, path, { key, body, raw, headers = {} } = {}) => {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(url + path, {
        method, redirect: 'manual', ...(payload === undefined ? {} : { body: payload }),
        headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
    },
    close: async () => {
      await app.close();
      await temporal.close();
      await connected?.close();
    },
  };
}

export interface TestOrganization {
  readonly id: string;
  readonly slug: string;
  readonly key: string;
  readonly keyRow: string;
}

/** An organisation with one key; `platform` holds the operator's permissions. */
export async function addOrganization(database: Database, slug: string, { kind = 'customer', permissions }: { kind?: string; permissions?: readonly Permission[] } = {}): Promise<TestOrganization> {
  const id = uuidv7();
  await database.inOrg(id, (em) => rows(em, sql`
    insert into organizations (org_id, slug, name, kind, home_zone, residency) values (${id}, ${slug}, ${`Organisation ${slug}`}, ${kind}, 'FR', 'any')`));
  const made = await addKey(database, id, permissions ?? (kind === 'platform' ? OPERATOR_KEY_PERMISSIONS : ORG_KEY_PERMISSIONS));
  return { id, slug, ...made };
}

export async function addKey(database: Database, orgId: string, permissions: readonly Permission[], expiresAt: string | null = null): Promise<{ key: string; keyRow: string }> {
  const [key, keyRow] = [makeApiKey('wb_test_'), uuidv7()];
  await database.inOrg(orgId, (em) => rows(em, sql`
    insert into api_keys (org_id, id, key_id, prefix, digest, name, permissions, expires_at)
    values (${orgId}, ${keyRow}, ${parseApiKey(key)!.keyId}, 'wb_test_', ${digestOf(key)}, 'test key', ${[...permissions]}, ${expiresAt})`));
  return { key, keyRow };
}
