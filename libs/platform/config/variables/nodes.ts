import { listOf } from '../form.ts';
import { cidr, integer, oneOf, seconds, text, url, word } from '../forms.ts';
import { isProduction, optional, secret, withDefault, type Known } from '../variable.ts';

const SCALE_MAX = 3_600;

/** W-27: jobs run as fast as the simulated grid does, so that a grid hour is a job hour. */
function gridSpeed(known: Known): string {
  if (known('NODE_HARDWARE') === 'real') return '1';
  const scale = Math.round(Number(known('GRID_SOURCE_STEP_S')) / Number(known('GRID_INTERVAL_S')));
  return Number.isFinite(scale) ? String(Math.min(SCALE_MAX, Math.max(1, scale))) : '1';
}

export const nodeVariables = {
  nodeAddressAllow: withDefault('NODE_ADDRESS_ALLOW', listOf(cidr), '127.0.0.0/8', 'address ranges in which nodes may live'),
  nodeGatewayUrl: optional('NODE_GATEWAY_URL', url(['https', 'http'], 'https://wattbook.example.org'), 'on the agent: its gateway'),
  nodeEnrolmentToken: secret('NODE_ENROLMENT_TOKEN', 'on the agent: single-use token of its enrolment'),
  nodeAddress: optional('NODE_ADDRESS', url(['https', 'http'], 'https://node-7.example.org:8443'), 'on the agent: where the gateway reaches it; its port is where it listens'),
  nodeSlug: optional('NODE_SLUG', word('lower-case letters, digits, dashes', 'fr-paris-1', /^[a-z0-9][a-z0-9-]{0,62}$/), 'on the agent: name of the node, as enrolled'),
  nodeDataDir: optional('NODE_DATA_DIR', text('a folder', '/var/lib/wattbook-node'), 'on the agent: folder of its key, tokens, jobs and checkpoints'),
  nodeHardware: withDefault('NODE_HARDWARE', oneOf('simulated', 'real'), (known) => (isProduction(known) ? 'real' : 'simulated'),
    'on the agent: the GPUs it drives', { fallbackSays: 'simulated; production: real' }),
  nodeReportS: withDefault('NODE_REPORT_S', seconds(1, 300, '10'), '10', 'on the agent: time between energy reports'),
  simTimeScale: withDefault('SIM_TIME_SCALE', integer(1, SCALE_MAX, '12'), gridSpeed,
    'node seconds per second of simulated hardware', { fallbackSays: 'GRID_SOURCE_STEP_S ÷ GRID_INTERVAL_S (12); real hardware: 1' }),
};

export const siteVariables = {
  weatherSource: withDefault('WEATHER_SOURCE', oneOf('simulated', 'http'), (known) => (isProduction(known) ? 'http' : 'simulated'),
    'where outdoor temperatures come from', { fallbackSays: 'simulated; production: http' }),
  weatherUrl: optional('WEATHER_URL', url(['https', 'http'], 'https://weather.example.org'), 'address of the weather service'),
  weatherApiKey: secret('WEATHER_API_KEY', 'key of the weather service'),
  billOcr: withDefault('BILL_OCR', oneOf('off', 'tesseract'), 'off', 'how page images of utility bills are read; off: text layer and by hand'),
  configGitHosts: optional('CONFIG_GIT_HOSTS', listOf(word('a host name', 'git.example.org', /^[a-z0-9.-]+(:\d+)?$/)), 'hosts from which configuration files may be synchronised'),
  gitopsRepoUrl: optional('GITOPS_REPO_URL', url(['https', 'ssh'], 'https://git.example.org/wattbook/config.git'), 'repository of the configuration files'),
  gitopsCredential: secret('GITOPS_CREDENTIAL', 'credential for that repository'),
};
