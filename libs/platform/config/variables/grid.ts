import { flag, instant, integer, seconds, text, url } from '../forms.ts';
import { sourceChains } from '../grid-sources.ts';
import { optional, secret, withDefault } from '../variable.ts';

export const gridVariables = {
  gridSources: withDefault('GRID_SOURCES', sourceChains, 'simulated', 'where grid signals come from, in order', { production: 'required' }),
  gridIntervalS: withDefault('GRID_INTERVAL_S', seconds(1, 3_600, '300'), '300', 'length of one grid interval; `npm start` sets 60'),
  gridSeed: withDefault('GRID_SEED', integer(0, 4_294_967_295, '1'), '1', 'seed of the simulated grid and nodes'),
  gridSourceStepS: withDefault('GRID_SOURCE_STEP_S', seconds(1, 86_400, '3600'), '3600', 'source time that one interval shows of a simulated or replayed source'),
  gridReplayFile: optional('GRID_REPLAY_FILE', text('a CSV file, plain or .gz', '../shared/data/grid.csv.gz'), 'hours that the replay source presents'),
  gridReplayStart: optional('GRID_REPLAY_START', instant, 'first hour of the replay; unset, the first of the file'),
  gridReplayLoop: withDefault('GRID_REPLAY_LOOP', flag, 'off', 'whether the replay begins again after its last row'),
  electricityMapsApiKey: secret('ELECTRICITY_MAPS_API_KEY', 'key of Electricity Maps'),
  electricityMapsBaseUrl: withDefault('ELECTRICITY_MAPS_BASE_URL', url(['https', 'http'], 'https://api.electricitymap.org'), 'https://api.electricitymap.org', 'address of Electricity Maps'),
  wattTimeUsername: optional('WATTTIME_USERNAME', text('a user name', 'grid-team'), 'user of WattTime'),
  wattTimePassword: secret('WATTTIME_PASSWORD', 'password of WattTime'),
  entsoeApiToken: secret('ENTSOE_API_TOKEN', 'token of the ENTSO-E transparency platform'),
  eiaApiKey: secret('EIA_API_KEY', 'key of the EIA'),
};
