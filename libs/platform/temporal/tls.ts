import type { TemporalConfig } from './connect.ts';

/** TLS and API key in the form that both the client's and the worker's connection take. Plain text only where nothing is configured. */
export function tlsOf({ temporalApiKey, temporalTlsCa, temporalTlsCert, temporalTlsKey }: TemporalConfig) {
  const bytes = (pem: { reveal(): string }) => Buffer.from(pem.reveal());
  const pair = temporalTlsCert && temporalTlsKey ? { clientCertPair: { crt: bytes(temporalTlsCert), key: bytes(temporalTlsKey) } } : {};
  const authority = temporalTlsCa ? { serverRootCACertificate: bytes(temporalTlsCa) } : {};
  const wanted = temporalApiKey ?? temporalTlsCa ?? temporalTlsCert;
  return { ...(wanted ? { tls: { ...authority, ...pair } } : {}), ...(temporalApiKey ? { apiKey: temporalApiKey.reveal() } : {}) };
}
