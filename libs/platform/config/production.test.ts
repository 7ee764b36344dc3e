import { describe, expect, test } from 'vitest';
import { loadConfig, type Env } from './load.ts';
import { acceptedRisks, productionPlaceholders, productionRefusals } from './production.ts';

const ring = (id: string) => JSON.stringify({ active: id, keys: { [id]: Buffer.alloc(32, 7).toString('base64') } });

const GOOD: Env = {
  WATTBOOK_MODE: 'production', WATTBOOK_PUBLIC_URL: 'https://wattbook.example.org',
  DATABASE_URL: 'postgres://app@db.example/wattbook', DATABASE_MIGRATION_URL: 'postgres://owner@db.example/wattbook',
  TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_TLS_CA: '-----BEGIN CERTIFICATE-----',
  WATTBOOK_SIGNING_KEYS: ring('s1'), WATTBOOK_PAYLOAD_KEYS: ring('p1'), WATTBOOK_MASTER_KEYS: ring('m1'),
  WATTBOOK_LOG_ORIGIN: 'log.wattbook.example.org', WATTBOOK_WITNESS_URLS: 'https://witness.example',
  STRIPE_SECRET_KEY: 'sk_live_abc', STRIPE_WEBHOOK_SECRETS: 'whsec_abc',
  SOLANA_PRIVATE_KEY: 'abc', SOLANA_RPC_URLS: 'https://rpc.example', SOLANA_CLUSTER: 'mainnet-beta', SOL_PRICE_URLS: 'https://a.example,https://b.example',
  CREDIT_REGISTRY_URL: 'https://registry.example', CREDIT_REGISTRY_KEY: 'abc', GRID_SOURCES: 'entsoe;GB=uk-carbon-intensity', ENTSOE_API_TOKEN: 'abc',
};

function refusals(change: Env): string[] {
  const loaded = loadConfig({ ...GOOD, ...change });
  if (!loaded.ok) throw new Error(loaded.errors.map(({ name, reason }) => `${name} ${reason}`).join());
  return productionRefusals(loaded.value);
}

test('O-31: a whole configuration is accepted', () => expect(refusals({})).toEqual([]));

describe('O-31: one reason each', () => {
  test.each([
    ['no Stripe key', { STRIPE_SECRET_KEY: undefined }, /STRIPE_SECRET_KEY is missing/],
    ['no webhook secret', { STRIPE_WEBHOOK_SECRETS: undefined }, /STRIPE_WEBHOOK_SECRETS is missing/],
    ['a Stripe test key', { STRIPE_SECRET_KEY: 'sk_test_abc' }, /STRIPE_SECRET_KEY is a test key/],
    ['a restricted test key', { STRIPE_SECRET_KEY: 'rk_test_abc' }, /STRIPE_SECRET_KEY is a test key/],
    ['a Stripe stand-in', { STRIPE_API_URL: 'http://127.0.0.1:3005' }, /STRIPE_API_URL/],
    ['no payout key', { SOLANA_PRIVATE_KEY: undefined }, /SOLANA_PRIVATE_KEY is missing/],
    ['no payout RPC', { SOLANA_RPC_URLS: undefined }, /SOLANA_RPC_URLS is missing/],
    ['a play-money cluster', { SOLANA_CLUSTER: 'devnet' }, /SOLANA_CLUSTER is devnet/],
    ['no signing key', { WATTBOOK_SIGNING_KEYS: undefined }, /WATTBOOK_SIGNING_KEYS is missing/],
    ['no master key', { WATTBOOK_MASTER_KEYS: undefined }, /WATTBOOK_MASTER_KEYS is missing/],
    ['no payload key', { WATTBOOK_PAYLOAD_KEYS: undefined }, /WATTBOOK_PAYLOAD_KEYS is missing/],
    ['a key made by the launcher', { WATTBOOK_SIGNING_KEYS: ring('local-1') }, /WATTBOOK_SIGNING_KEYS holds a key that npm start made/],
    ['no registry', { CREDIT_REGISTRY_URL: undefined }, /CREDIT_REGISTRY_URL is missing/],
    ['the local registry', { CREDIT_REGISTRY: 'local-registry' }, /CREDIT_REGISTRY is the local stand-in/],
    ['a registry on this machine', { CREDIT_REGISTRY_URL: 'http://127.0.0.1:3006' }, /CREDIT_REGISTRY_URL names the local registry/],
    ['no witness', { WATTBOOK_WITNESS_URLS: undefined }, /WATTBOOK_WITNESS_URLS is missing/],
    ['the local witness', { WATTBOOK_WITNESS_URLS: 'http://localhost:3007' }, /WATTBOOK_WITNESS_URLS names the local witness/],
    ['simulated hardware', { NODE_HARDWARE: 'simulated', SIM_TIME_SCALE: '1' }, /NODE_HARDWARE is simulated/],
    ['simulated weather', { WEATHER_SOURCE: 'simulated' }, /WEATHER_SOURCE is simulated/],
    ['no grid source', { GRID_SOURCES: undefined }, /every other zone no source but simulated/],
    ['a zone that only replays', { GRID_SOURCES: 'entsoe;GB=replay,simulated', GRID_REPLAY_FILE: 'a.csv' }, /GB no source but replay and simulated/],
    ['no TLS for customers', { WATTBOOK_PUBLIC_URL: 'http://wattbook.example.org' }, /WATTBOOK_PUBLIC_URL is not https/],
    ['no TLS to Temporal', { TEMPORAL_TLS_CA: undefined }, /TEMPORAL_ADDRESS is reached without TLS/],
    ['no Temporal', { TEMPORAL_ADDRESS: undefined }, /TEMPORAL_ADDRESS is missing/],
    ['no database', { DATABASE_URL: undefined }, /DATABASE_URL is missing/],
    ['a test switch', { WATTBOOK_REQUIRE: 'temporal' }, /WATTBOOK_REQUIRE is a switch for tests/],
    ['hurried nodes', { SIM_TIME_SCALE: '60' }, /SIM_TIME_SCALE is for simulated hardware/],
  ] as [string, Env, RegExp][])('%s', (_what, change, reason) => {
    const found = refusals(change);
    expect(found.filter((one) => reason.test(one))).toHaveLength(1);
    expect(found).toHaveLength(1);
  });

  test('all reasons are listed at once, sorted', () => {
    const found = refusals({ STRIPE_SECRET_KEY: 'sk_test_a', WATTBOOK_PUBLIC_URL: 'http://a.example', GRID_SOURCES: undefined });
    expect(found).toHaveLength(3);
    expect(found).toEqual([...found].sort());
  });
});

test('no reason quotes a secret', () => expect(refusals({ STRIPE_SECRET_KEY: 'sk_test_canary' }).join()).not.toContain('canary'));
test('other modes accept stand-ins', () => expect(refusals({ WATTBOOK_MODE: 'local', STRIPE_SECRET_KEY: undefined })).toEqual([]));

describe('O-32: accepted risks', () => {
  test('plaintext to Temporal may be accepted by name, and stays visible', () => {
    const loaded = loadConfig({ ...GOOD, TEMPORAL_TLS_CA: undefined, WATTBOOK_ACCEPT: 'temporal-plaintext' });
    expect(loaded.ok && [productionRefusals(loaded.value), acceptedRisks(loaded.value)]).toEqual([[], ['temporal-plaintext']]);
  });

  test('nothing about money, keys, durability or tenancy has a name to accept', () => {
    const loaded = loadConfig({ ...GOOD, WATTBOOK_ACCEPT: 'stripe-test-key' });
    expect(loaded.ok).toBe(false);
  });
});

test('every placeholder of the template is a value that production refuses to miss', () => {
  for (const name of productionPlaceholders().filter((one) => one !== 'WATTBOOK_PUBLIC_URL' && one !== 'GRID_SOURCES'))
    expect(refusals({ [name]: undefined })).toContainEqual(expect.stringContaining(`${name} is missing`));
});
