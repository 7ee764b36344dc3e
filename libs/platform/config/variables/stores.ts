import { flag, hostPort, integer, keyRing, secretText, url, word } from '../forms.ts';
import { listOf } from '../form.ts';
import { isProduction, optional, secret, withDefault } from '../variable.ts';

const postgres = url(['postgres', 'postgresql'], 'postgres://wattbook_app@db.example.org/wattbook');
const pem = secretText('PEM text', '-----BEGIN …-----');

export const databaseVariables = {
  databaseUrl: secret('DATABASE_URL', 'PostgreSQL as the app role; unset, `npm start` runs its own', { form: postgres, production: 'required' }),
  databaseMigrationUrl: secret('DATABASE_MIGRATION_URL', 'PostgreSQL as the owner role, for migrations', { form: postgres, production: 'required' }),
  databaseReadUrl: secret('DATABASE_READ_URL', 'PostgreSQL for reports; unset, the app role’s', { form: postgres }),
  databasePoolMax: withDefault('DATABASE_POOL_MAX', integer(1, 500, '20'), '20', 'connections that one process holds at most'),
};

export const temporalVariables = {
  temporalAddress: optional('TEMPORAL_ADDRESS', hostPort('temporal.example.org:7233'), 'a Temporal server to use as it is; unset, `npm start` runs its own', { production: 'required' }),
  temporalNamespace: withDefault('TEMPORAL_NAMESPACE', word('letters, digits, dots, dashes', 'wattbook', /^[\w.-]{2,200}$/), 'wattbook', 'Temporal namespace'),
  temporalDownload: withDefault('WATTBOOK_TEMPORAL_DOWNLOAD', flag, 'on', 'whether `npm start` may download the Temporal server'),
  temporalApiKey: secret('TEMPORAL_API_KEY', 'API key of Temporal Cloud'),
  temporalTlsCert: secret('TEMPORAL_TLS_CERT', 'client certificate for Temporal', { form: pem }),
  temporalTlsKey: secret('TEMPORAL_TLS_KEY', 'key of that certificate', { form: pem }),
  temporalTlsCa: secret('TEMPORAL_TLS_CA', 'authority that signed Temporal’s certificate', { form: pem }),
  workerVersioning: withDefault('WATTBOOK_WORKER_VERSIONING', flag, (known) => (isProduction(known) ? 'on' : 'off'),
    'Temporal Worker Versioning', { fallbackSays: 'off; production: on' }),
  maxCachedWorkflows: withDefault('WATTBOOK_MAX_CACHED_WORKFLOWS', integer(1, 100_000, '500'), '500', 'workflows that one worker keeps in memory'),
};

export const keyVariables = {
  signingKeys: secret('WATTBOOK_SIGNING_KEYS', 'Ed25519 seeds that sign receipts and the log', { form: keyRing, production: 'required' }),
  payloadKeys: secret('WATTBOOK_PAYLOAD_KEYS', 'AES keys of what Temporal stores', { form: keyRing, production: 'required' }),
  masterKeys: secret('WATTBOOK_MASTER_KEYS', 'keys that wrap the stored secrets of customers', { form: keyRing, production: 'required' }),
  logOrigin: optional('WATTBOOK_LOG_ORIGIN', word('a host name with optional path', 'log.wattbook.example.org', /^[a-z0-9.-]+(\/[\w./-]*)?$/), 'origin line of the transparency log', { production: 'required' }),
  witnessUrls: optional('WATTBOOK_WITNESS_URLS', listOf(url(['https', 'http'], 'https://witness.example.org')), 'witnesses that cosign the log', { production: 'required' }),
  witnessQuorum: withDefault('WATTBOOK_WITNESS_QUORUM', integer(1, 20, '1'), '1', 'cosignatures that a log checkpoint needs'),
};
