import { describe, expect, test } from 'vitest';
import { Secret } from '#platform/config/secret';
import { missingSearchAttributes, SEARCH_ATTRIBUTES } from './search-attributes.ts';
import { tlsOf } from './tls.ts';

const namespace = (customAttributes: Record<string, number>) => ({ operatorService: { listSearchAttributes: async () => ({ customAttributes }) } }) as never;
const KEYWORD = 2;
const all = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD]));

describe('O-67: the four search attributes', () => {
  test('nothing is missing where all are there, whatever else is', async () => expect(await missingSearchAttributes(namespace({ ...all, Other: 1 }), 'wattbook')).toEqual([]));

  test.each(SEARCH_ATTRIBUTES)('%s missing: the command that adds it', async (name) => {
    const { [name]: _gone, ...rest } = all;
    expect(await missingSearchAttributes(namespace(rest), 'prod')).toEqual([`temporal operator search-attribute create --namespace prod --name ${name} --type Keyword`]);
  });

  test('one of another type counts as missing: it could not be searched for', async () => expect(await missingSearchAttributes(namespace({ ...all, Zone: 1 }), 'wattbook')).toHaveLength(1));
  test('an empty namespace gets four commands', async () => expect(await missingSearchAttributes(namespace({}), 'wattbook')).toHaveLength(4));
});

describe('TLS of the connection', () => {
  const config = { temporalAddress: 'a:1', temporalNamespace: 'n' };
  const [ca, cert, key, apiKey] = ['CA', 'CERT', 'KEY', 'token'].map((text) => new Secret(text)) as [Secret, Secret, Secret, Secret];

  test('plain text only where nothing is configured', () => expect(tlsOf(config)).toEqual({}));
  test('an API key travels over TLS only', () => expect(tlsOf({ ...config, temporalApiKey: apiKey })).toEqual({ tls: {}, apiKey: 'token' }));
  test('an authority of one’s own', () => expect(tlsOf({ ...config, temporalTlsCa: ca })).toEqual({ tls: { serverRootCACertificate: Buffer.from('CA') } }));
  test('a client certificate with its key', () => {
    expect(tlsOf({ ...config, temporalTlsCa: ca, temporalTlsCert: cert, temporalTlsKey: key })).toEqual({
      tls: { serverRootCACertificate: Buffer.from('CA'), clientCertPair: { crt: Buffer.from('CERT'), key: Buffer.from('KEY') } },
    });
  });
});
