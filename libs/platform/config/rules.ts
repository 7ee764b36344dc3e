import { acceptedForm, type ConfigError } from './errors.ts';
import { sourcesNamed } from './grid-sources.ts';
import { type Config, type Field, variableOf } from './schema.ts';

const blame = (field: Field, reason: string): ConfigError => ({ name: variableOf(field).name, kind: 'invalid', reason, ...acceptedForm(variableOf(field)) });

const LISTENERS = [
  'port', 'opsPort', 'workerOpsPort', 'temporalMetricsPort', 'codecPort', 'stripeStandinPort', 'registryStandinPort', 'witnessPort', 'nodePortBase', 'pgPort', 'temporalPort', 'temporalUiPort',
] as const;

/** Values that are each in their form but cannot hold together. */
export function contradictions(config: Config): ConfigError[] {
  return [...portsTwice(config), ...sourcesWithoutAccess(config), ...halfPairs(config), ...quorum(config), ...nodeWithoutTls(config)];
}

function portsTwice(config: Config): ConfigError[] {
  return LISTENERS.flatMap((field, at) => {
    const earlier = LISTENERS.slice(0, at).find((other) => config[other] === config[field]);
    return earlier ? [blame(field, `is the port of ${variableOf(earlier).name}; each listener needs its own`)] : [];
  });
}

function sourcesWithoutAccess(config: Config): ConfigError[] {
  const sources = sourcesNamed(config.gridSources);
  const access: readonly [Parameters<typeof sources.has>[0], Field][] = [
    ['replay', 'gridReplayFile'], ['electricity-maps', 'electricityMapsApiKey'], ['watttime', 'wattTimeUsername'],
    ['watttime', 'wattTimePassword'], ['entsoe', 'entsoeApiToken'], ['eia', 'eiaApiKey'],
  ];
  return access.filter(([source, field]) => sources.has(source) && config[field] === undefined)
    .map(([source, field]) => blame(field, `is not set, and ${variableOf('gridSources').name} names ${source}`));
}

/** Pairs that mean something only together. */
function halfPairs(config: Config): ConfigError[] {
  const pairs: readonly [Field, Field][] = [['temporalTlsCert', 'temporalTlsKey'], ['temporalTlsKey', 'temporalTlsCert'], ['smtpUrl', 'mailFrom']];
  return pairs.filter(([one, other]) => config[one] !== undefined && config[other] === undefined)
    .map(([one, other]) => blame(other, `is not set, and ${variableOf(one).name} needs it`));
}

function quorum({ witnessUrls, witnessQuorum }: Config): ConfigError[] {
  const tooMany = witnessUrls !== undefined && witnessQuorum > witnessUrls.length;
  return tooMany ? [blame('witnessQuorum', `is more than the ${witnessUrls.length} witness(es) of ${variableOf('witnessUrls').name}`)] : [];
}

/** W-15: outside local and test mode a node is reached by TLS. */
function nodeWithoutTls({ mode, nodeAddress }: Config): ConfigError[] {
  return mode === 'production' && nodeAddress?.startsWith('http:') ? [blame('nodeAddress', 'is not https, which production demands')] : [];
}
