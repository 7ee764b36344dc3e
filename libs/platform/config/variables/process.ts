import { listOf } from '../form.ts';
import { cidr, oneOf, port, seconds, text, url, word } from '../forms.ts';
import { isProduction, optional, withDefault } from '../variable.ts';

export const QUEUES = ['workloads', 'grid', 'billing', 'receipts', 'metering', 'mrv', 'identity'] as const;
export const ACCEPTABLE_RISKS = ['temporal-plaintext', 'metrics-public'] as const;
const NEEDS_OUTSIDE = ['temporal', 'temporal-server', 'chromium', 'data', 'vectors', 'root', 'helm', 'containers', 'gpu', 'peers'] as const;

const listens = (name: string, at: number, what: string) => withDefault(name, port(String(at)), String(at), `port of ${what}`);

export const processVariables = {
  mode: withDefault('WATTBOOK_MODE', oneOf('local', 'test', 'production'), 'local', 'what this installation is; production accepts no stand-in'),
  publicUrl: withDefault('WATTBOOK_PUBLIC_URL', url(['https', 'http'], 'https://wattbook.example.org'),
    (known) => `http://127.0.0.1:${known('WATTBOOK_PORT')}`,
    'address under which customers reach the gateway', { fallbackSays: 'the gateway on loopback', production: 'required' }),
  bind: withDefault('WATTBOOK_BIND', word('an IP address of this machine', '127.0.0.1', /^([0-9.]{7,15}|[0-9a-fA-F:]{2,39})$/), '127.0.0.1', 'address that listeners bind'),
  ports: optional('WATTBOOK_PORTS', oneOf('auto'), 'auto lets `npm start` pick free ports and print them'),
  port: listens('WATTBOOK_PORT', 3000, 'gateway and portal'),
  opsPort: listens('WATTBOOK_OPS_PORT', 3001, 'the gateway’s ops listener'),
  workerOpsPort: listens('WATTBOOK_WORKER_OPS_PORT', 3002, 'the worker’s ops listener'),
  temporalMetricsPort: listens('WATTBOOK_TEMPORAL_METRICS_PORT', 3003, 'the Temporal SDK’s metrics'),
  codecPort: listens('WATTBOOK_CODEC_PORT', 3004, 'the codec server for the Temporal Web UI'),
  stripeStandinPort: listens('WATTBOOK_STRIPE_STANDIN_PORT', 3005, 'the local stand-in for Stripe'),
  registryStandinPort: listens('WATTBOOK_REGISTRY_STANDIN_PORT', 3006, 'the local credit registry'),
  witnessPort: listens('WATTBOOK_WITNESS_PORT', 3007, 'the local witness of the log'),
  nodePortBase: listens('WATTBOOK_NODE_PORT_BASE', 3100, 'the first local node; the others follow'),
  pgPort: listens('WATTBOOK_PG_PORT', 5433, 'the embedded PostgreSQL'),
  temporalPort: listens('WATTBOOK_TEMPORAL_PORT', 7233, 'the local Temporal server'),
  temporalUiPort: listens('WATTBOOK_TEMPORAL_UI_PORT', 8233, 'the local Temporal Web UI'),
  trustedProxies: optional('WATTBOOK_TRUSTED_PROXIES', listOf(cidr, { example: '10.0.0.0/8' }), 'proxies whose forwarded-for header is believed'),
  queues: withDefault('WATTBOOK_QUEUES', listOf(oneOf(...QUEUES)), QUEUES.join(','), 'task queues that this worker serves'),
  signup: withDefault('WATTBOOK_SIGNUP', oneOf('open', 'invite'), (known) => (isProduction(known) ? 'invite' : 'open'),
    'who may make an organisation', { fallbackSays: 'open; production: invite' }),
  credentialStalenessS: withDefault('WATTBOOK_CREDENTIAL_STALENESS_S', seconds(1, 60, '5'), '5', 'how long a credential is believed without asking again'),
  buildId: optional('WATTBOOK_BUILD_ID', word('letters, digits, dots, dashes', '1f3c9a7b2d40-9d1be2f07c55', /^[\w.-]{1,100}$/), 'build id of the worker deployment'),
  instanceId: optional('WATTBOOK_INSTANCE_ID', word('letters, digits, dashes', '0198f3a2-77aa-7c11-b1f0-5a1d3c0e9f42', /^[\w-]{1,64}$/), 'names the instance that a process belongs to; `npm start` sets it'),
  drainDelayS: withDefault('WATTBOOK_DRAIN_DELAY_S', seconds(0, 60, '5'), '5', 'how long the gateway still accepts after it says not ready'),
  drainStreamS: withDefault('WATTBOOK_DRAIN_STREAM_S', seconds(0, 600, '120'), '120', 'how long open streams may run out'),
  accept: optional('WATTBOOK_ACCEPT', listOf(oneOf(...ACCEPTABLE_RISKS)), 'lesser risks that the operator accepts by name'),
  require: optional('WATTBOOK_REQUIRE', listOf(oneOf(...NEEDS_OUTSIDE)), 'outside things whose absence fails a test instead of skipping it'),
  sharedDir: withDefault('WATTBOOK_SHARED_DIR', text('a folder', '../shared'), '../shared', 'folder with the reference data that tests read'),
};
