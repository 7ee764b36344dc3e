import { describe, expect, test } from 'vitest';
import { type ConfigError, errorLine, exitCodeOf } from './errors.ts';
import { type Env, loadConfig, missing } from './load.ts';
import { byName, type Config, fields, variableOf } from './schema.ts';
import type { ReadSecretFile } from './secret-file.ts';

const files = (contents: Record<string, { text: string; mode?: number }>): ReadSecretFile => (path) => {
  const file = contents[path];
  return file && { text: file.text, mode: file.mode ?? 0o100600 };
};

function valuesOf(env: Env, read?: ReadSecretFile): Config {
  const loaded = loadConfig(env, read);
  if (!loaded.ok) throw new Error(loaded.errors.map(errorLine).join('\n'));
  return loaded.value;
}

function errorsOf(env: Env, read?: ReadSecretFile): readonly ConfigError[] {
  const loaded = loadConfig(env, read);
  return loaded.ok ? [] : loaded.errors;
}

const namesOf = (env: Env, read?: ReadSecretFile) => errorsOf(env, read).map(({ name }) => name);

describe('values', () => {
  test('an empty environment is a local installation', () => {
    const { mode, port, gridSources, simTimeScale, publicUrl, stripeApiUrl, signup, databaseUrl } = valuesOf({});
    expect({ mode, port, gridSources, simTimeScale, publicUrl, stripeApiUrl, signup, databaseUrl }).toEqual({
      mode: 'local', port: 3000, gridSources: { every: ['simulated'], zones: {} }, simTimeScale: 12,
      publicUrl: 'http://127.0.0.1:3000', stripeApiUrl: 'http://127.0.0.1:3005', signup: 'open', databaseUrl: undefined,
    });
  });

  test.each([
    ['W-27: jobs run as fast as the grid does', { GRID_INTERVAL_S: '60' }, { simTimeScale: 60 }],
    ['W-27: rounded to whole node seconds', { GRID_INTERVAL_S: '7' }, { simTimeScale: 514 }],
    ['W-27: at most 3,600', { GRID_INTERVAL_S: '1', GRID_SOURCE_STEP_S: '86400' }, { simTimeScale: 3600 }],
    ['W-27: at least 1', { GRID_INTERVAL_S: '3600', GRID_SOURCE_STEP_S: '60' }, { simTimeScale: 1 }],
    ['W-27: real hardware does not hurry', { NODE_HARDWARE: 'real' }, { simTimeScale: 1 }],
    ['a given scale stands', { SIM_TIME_SCALE: '5', GRID_INTERVAL_S: '60' }, { simTimeScale: 5 }],
    ['addresses follow the port', { WATTBOOK_PORT: '4100' }, { publicUrl: 'http://127.0.0.1:4100' }],
    ['production is on by invitation', { WATTBOOK_MODE: 'production' }, { signup: 'invite', workerVersioning: true, nodeHardware: 'real', creditRegistry: 'http' }],
    ['lists lose their blanks', { WATTBOOK_QUEUES: 'grid, billing' }, { queues: ['grid', 'billing'] }],
    ['a switch has three spellings', { GRID_REPLAY_LOOP: '1', WATTBOOK_TEMPORAL_DOWNLOAD: 'false' }, { gridReplayLoop: true, temporalDownload: false }],
    ['a time becomes a date', { GRID_REPLAY_START: '2021-03-01T01:00:00+01:00' }, { gridReplayStart: new Date('2021-03-01T00:00:00Z') }],
  ])('%s', (_what, env, expected) => expect(valuesOf(env)).toMatchObject(expected));

  test('C-7: one source names every zone; a zone may have a chain of its own', () => {
    expect(valuesOf({ GRID_SOURCES: 'replay', GRID_REPLAY_FILE: 'a.csv' }).gridSources).toEqual({ every: ['replay'], zones: {} });
    expect(valuesOf({ GRID_SOURCES: 'simulated; GB=uk-carbon-intensity,simulated' }).gridSources)
      .toEqual({ every: ['simulated'], zones: { GB: ['uk-carbon-intensity', 'simulated'] } });
  });

  test('O-27: values cannot be changed afterwards', () => {
    const value = valuesOf({}) as { port: number };
    expect(() => { value.port = 1; }).toThrow(TypeError);
  });

  test('origins tell where each value came from', () => {
    const loaded = loadConfig({ WATTBOOK_PORT: '4000', TEMPORAL_API_KEY_FILE: '/k' }, files({ '/k': { text: 'x' } }));
    expect(loaded.ok && ['WATTBOOK_PORT', 'TEMPORAL_API_KEY', 'LOG_LEVEL', 'EIA_API_KEY'].map((name) => loaded.origins.get(name))).toEqual(['env', 'file', 'default', 'unset']);
  });
});

describe('O-28: every mistake at once', () => {
  const TWELVE = {
    DATABASE_POOL_MAX: '0', GRID_INTERVAL_S: 'soon', GRID_SEED: 'x', GRID_SOURCE_STEP_S: '-5', LOG_LEVEL: 'loud', NODE_ADDRESS_ALLOW: 'everywhere',
    OTEL_TRACES_SAMPLER_ARG: '2', SIM_TIME_SCALE: '0', WATTBOOK_DRAIN_DELAY_S: '-1', WATTBOOK_MODE: 'prod', WATTBOOK_PORT: '99999', WATTBOOK_SIGNUP: 'maybe',
  };

  test('12 broken variables are 12 lines, sorted by name', () => expect(namesOf(TWELVE)).toEqual(Object.keys(TWELVE).sort()));

  test('each line has reason, accepted form and example, and names no other variable', () => {
    for (const error of errorsOf(TWELVE)) {
      const line = errorLine(error);
      expect(line).toMatch(/^[A-Z_]+ .+; accepted: .+; example: .+$/);
      expect(Object.keys(TWELVE).filter((name) => new RegExp(`\\b${name}\\b`).test(line))).toEqual([error.name]);
    }
  });

  test.each([
    ['not a number', { WATTBOOK_PORT: '30 00' }], ['a fraction', { WATTBOOK_PORT: '3000.5' }], ['hexadecimal', { WATTBOOK_PORT: '0xbb8' }], ['empty', { WATTBOOK_PORT: '' }],
    ['an exponent', { DATABASE_POOL_MAX: '1e2' }], ['no address', { WATTBOOK_PUBLIC_URL: 'wattbook.org' }], ['another scheme', { WATTBOOK_PUBLIC_URL: 'ftp://a.example' }],
    ['no port', { TEMPORAL_ADDRESS: 'temporal' }], ['port 0', { TEMPORAL_ADDRESS: 'temporal:0' }], ['a bad octet', { NODE_ADDRESS_ALLOW: '300.0.0.0/8' }],
    ['a long prefix', { NODE_ADDRESS_ALLOW: '10.0.0.0/33' }], ['no prefix', { NODE_ADDRESS_ALLOW: '10.0.0.0' }], ['day 30 of February', { GRID_REPLAY_START: '2021-02-30' }],
    ['an unknown source', { GRID_SOURCES: 'weather' }], ['a source twice', { GRID_SOURCES: 'simulated,simulated' }], ['a zone twice', { GRID_SOURCES: 'FR=simulated;FR=simulated' }],
    ['two chains for all', { GRID_SOURCES: 'simulated;simulated' }], ['an unknown queue', { WATTBOOK_QUEUES: 'grid,post' }], ['an unknown risk', { WATTBOOK_ACCEPT: 'no-backups' }],
    ['three RPC servers', { SOLANA_RPC_URLS: 'https://a.example,https://b.example,https://c.example' }], ['one price source', { SOL_PRICE_URLS: 'https://a.example' }],
  ])('%s is refused', (_what, env) => expect(namesOf(env)).toEqual(Object.keys(env)));

  test('a default that follows from a wrong value is not a mistake of its own', () => expect(namesOf({ WATTBOOK_PORT: '99999' })).toEqual(['WATTBOOK_PORT']));
});

describe('O-29: unknown names', () => {
  test.each([
    ['WATTBOOK_PROT', 'WATTBOOK_PORT'], ['WATTBOOK_SIGN_UP', 'WATTBOOK_SIGNUP'], ['WATTBOOK_MASTER_KEY', 'WATTBOOK_MASTER_KEYS'], ['WATTBOOK_MASTER_KEYS_FIL', 'WATTBOOK_MASTER_KEYS_FILE'],
  ])('%s is answered with %s', (name, meant) => {
    const [error] = errorsOf({ [name]: '1' });
    expect(error && errorLine(error)).toBe(`${name} is not a variable of Wattbook; the nearest is ${meant}`);
  });

  test('a _FILE form exists for secrets alone', () => expect(namesOf({ WATTBOOK_PORT_FILE: '/x' })).toEqual(['WATTBOOK_PORT_FILE']));
  test('other people’s variables are none of our business', () => expect(namesOf({ PATH: '/bin', GRID_COLOUR: 'red' })).toEqual([]));
});

describe('O-30: secrets', () => {
  const URL_TEXT = 'postgres://wattbook:canary-4711@127.0.0.1:1/wattbook';

  test('a file is read, without its trailing newline', () =>
    expect(valuesOf({ DATABASE_URL_FILE: '/url' }, files({ '/url': { text: `${URL_TEXT}\n` } })).databaseUrl?.reveal()).toBe(URL_TEXT));

  test.each([
    ['both set', { DATABASE_URL: URL_TEXT, DATABASE_URL_FILE: '/url' }, {}, 2],
    ['file missing', { DATABASE_URL_FILE: '/nowhere' }, {}, 31],
    ['file empty', { DATABASE_URL_FILE: '/url' }, { '/url': { text: '\n' } }, 2],
    ['readable by all in production', { WATTBOOK_MODE: 'production', DATABASE_URL_FILE: '/url' }, { '/url': { text: URL_TEXT, mode: 0o100644 } }, 2],
    ['content in another form', { DATABASE_URL_FILE: '/url' }, { '/url': { text: 'mysql://canary-4711' } }, 2],
  ] as [string, Env, Record<string, { text: string; mode?: number }>, number][])('%s: refused, exit code, value not shown', (_what, env, contents, code) => {
    const errors = errorsOf(env, files(contents));
    expect(errors.map(({ name }) => name)).toEqual(['DATABASE_URL']);
    expect(errors.map(errorLine).join()).not.toContain('canary-4711');
    expect(exitCodeOf(errors)).toBe(code);
  });

  test('an unreadable secret among other mistakes is a configuration mistake', () =>
    expect(exitCodeOf(errorsOf({ DATABASE_URL_FILE: '/nowhere', LOG_LEVEL: 'loud' }))).toBe(2));

  test('no wrong value of any secret is ever in an error', () => {
    const secrets = fields.map(variableOf).filter(({ secret }) => secret);
    const errors = errorsOf(Object.fromEntries(secrets.map(({ name }) => [name, '\u0000canary-4711'])));
    expect(secrets.length).toBeGreaterThan(20);
    expect(JSON.stringify(errors)).not.toContain('canary');
  });

  test.each([
    ['not JSON', 'k1'], ['no active key', '{"active":"k2","keys":{"k1":"AAAA"}}'], ['a short key', '{"active":"k1","keys":{"k1":"QUFB"}}'], ['null', 'null'], ['an array', '[]'],
  ])('a key ring that is %s is refused', (_what, ring) => expect(namesOf({ WATTBOOK_PAYLOAD_KEYS: ring })).toEqual(['WATTBOOK_PAYLOAD_KEYS']));
});

describe('values that cannot hold together', () => {
  test.each([
    ['two listeners on one port', { WATTBOOK_OPS_PORT: '3000' }, ['WATTBOOK_OPS_PORT']],
    ['replay without a file', { GRID_SOURCES: 'replay' }, ['GRID_REPLAY_FILE']],
    ['a source without its key', { GRID_SOURCES: 'watttime;GB=eia' }, ['EIA_API_KEY', 'WATTTIME_PASSWORD', 'WATTTIME_USERNAME']],
    ['a certificate without its key', { TEMPORAL_TLS_CERT: 'x' }, ['TEMPORAL_TLS_KEY']],
    ['mail without a sender', { SMTP_URL: 'smtp://mail.example' }, ['MAIL_FROM']],
    ['more cosignatures than witnesses', { WATTBOOK_WITNESS_URLS: 'https://w.example', WATTBOOK_WITNESS_QUORUM: '2' }, ['WATTBOOK_WITNESS_QUORUM']],
    ['a production node without TLS', { WATTBOOK_MODE: 'production', NODE_ADDRESS: 'http://node.example' }, ['NODE_ADDRESS']],
  ])('%s', (_what, env, names) => expect(namesOf(env)).toEqual(names));
});

test('a process names what it cannot do without', () =>
  expect(missing(valuesOf({}), ['databaseUrl', 'port', 'temporalAddress']).map(({ name }) => name)).toEqual(['DATABASE_URL', 'TEMPORAL_ADDRESS']));

describe('the table', () => {
  test('O-29: numbers carry their unit in the name', () => {
    const bare = /^(.*_PORT|.*_PORT_BASE|DATABASE_POOL_MAX|GRID_SEED|SIM_TIME_SCALE|WATTBOOK_WITNESS_QUORUM|WATTBOOK_MAX_CACHED_WORKFLOWS)$/;
    const numbers = fields.filter((field) => typeof valuesOf({})[field] === 'number' && variableOf(field).form.text.startsWith('a whole number')).map((field) => variableOf(field).name);
    expect(numbers.filter((name) => !/_(S|MS|BYTES|MICRO_USD)$/.test(name) && !bare.test(name))).toEqual([]);
  });

  test('every example has its own form', () => {
    const wrong = [...byName.values()].filter(({ form }) => !form.example.includes('<') && !form.schema.safeParse(form.example).success);
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('every default has its own form, in every mode', () => {
    for (const mode of ['local', 'test', 'production']) expect(namesOf({ WATTBOOK_MODE: mode })).toEqual([]);
  });
});
