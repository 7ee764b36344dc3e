import { sourcesOf, type GridSource, type SourceChains } from './grid-sources.ts';
import { byName, type Config, type Field, fields, variableOf } from './schema.ts';

/** Ids of keys that `npm start` made begin so; production knows them by it. */
export const LAUNCHER_KEY_PREFIX = 'local-';

const TEST_SWITCHES: readonly Field[] = ['require', 'instanceId', 'ports'];
const NOT_EVIDENCE: readonly GridSource[] = ['simulated', 'replay'];

/** O-31: every reason why production must not start, as far as the configuration alone can tell. Empty in other modes. */
export function productionRefusals(config: Config): string[] {
  if (config.mode !== 'production') return [];
  return [...missingValues(config), ...standIns(config), ...madeByLauncher(config), ...insecure(config), ...testSwitches(config)].sort();
}

function missingValues(config: Config): string[] {
  return fields.filter((field) => variableOf(field).production === 'required' && config[field] === undefined)
    .map((field) => `${variableOf(field).name} is missing: ${variableOf(field).says}`);
}

function standIns(config: Config): string[] {
  const { stripeApiUrl, creditRegistry, nodeHardware, weatherSource, gridSources } = config;
  return [
    ...(stripeApiUrl === 'https://api.stripe.com' ? [] : ['STRIPE_API_URL is not Stripe’s own address']),
    ...(creditRegistry === 'local-registry' ? ['CREDIT_REGISTRY is the local stand-in'] : []),
    ...(nodeHardware === 'simulated' ? ['NODE_HARDWARE is simulated'] : []),
    ...(weatherSource === 'simulated' ? ['WEATHER_SOURCE is simulated'] : []),
    ...zonesWithoutEvidence(gridSources),
    ...loopback(config),
  ];
}

function zonesWithoutEvidence(chains: SourceChains | undefined): string[] {
  if (!chains) return [];
  const zones = [['every other zone', chains.every] as const, ...Object.keys(chains.zones).map((zone) => [zone, sourcesOf(chains, zone)] as const)];
  return zones.filter(([, chain]) => chain.every((source) => NOT_EVIDENCE.includes(source)))
    .map(([zone, chain]) => `GRID_SOURCES gives ${zone} no source but ${chain.join(' and ')}`);
}

/** A witness or registry on this machine proves nothing to anybody else. */
function loopback({ witnessUrls = [], creditRegistryUrl, solanaCluster }: Config): string[] {
  const local = (url: string) => /^https?:\/\/(127\.|localhost|\[::1\])/.test(url);
  return [
    ...(witnessUrls.some(local) ? ['WATTBOOK_WITNESS_URLS names the local witness'] : []),
    ...(creditRegistryUrl && local(creditRegistryUrl) ? ['CREDIT_REGISTRY_URL names the local registry'] : []),
    ...(solanaCluster && solanaCluster !== 'mainnet-beta' ? [`SOLANA_CLUSTER is ${solanaCluster}, where payouts are play money`] : []),
  ];
}

function madeByLauncher({ signingKeys, payloadKeys, masterKeys }: Config): string[] {
  const rings = { WATTBOOK_SIGNING_KEYS: signingKeys, WATTBOOK_PAYLOAD_KEYS: payloadKeys, WATTBOOK_MASTER_KEYS: masterKeys };
  return Object.entries(rings).filter(([, ring]) => ring?.reveal().includes(`"${LAUNCHER_KEY_PREFIX}`))
    .map(([name]) => `${name} holds a key that npm start made`);
}

function insecure({ publicUrl, stripeSecretKey, ...config }: Config): string[] {
  const plaintext = !config.temporalTlsCa && !config.temporalTlsCert && !config.temporalApiKey && !config.accept?.includes('temporal-plaintext');
  return [
    ...(publicUrl && !publicUrl.startsWith('https://') ? ['WATTBOOK_PUBLIC_URL is not https'] : []),
    ...(stripeSecretKey && /^(sk|rk)_test_/.test(stripeSecretKey.reveal()) ? ['STRIPE_SECRET_KEY is a test key'] : []),
    ...(config.temporalAddress && plaintext ? ['TEMPORAL_ADDRESS is reached without TLS; set TEMPORAL_TLS_CA or accept temporal-plaintext'] : []),
  ];
}

function testSwitches(config: Config): string[] {
  const set = TEST_SWITCHES.filter((field) => config[field] !== undefined).map((field) => variableOf(field).name);
  return [...set.map((name) => `${name} is a switch for tests and local starts`), ...(config.simTimeScale === 1 ? [] : ['SIM_TIME_SCALE is for simulated hardware'])];
}

/** O-32: what the operator accepted by name; shown as warnings at start, in status and as a metric. */
export const acceptedRisks = ({ accept = [] }: Config): readonly string[] => accept;

/** The names that a production template leaves as placeholders. */
export const productionPlaceholders = (): string[] => [...byName.values()].filter(({ production }) => production === 'required').map(({ name }) => name);
