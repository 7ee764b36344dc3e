import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Payload } from '@temporalio/common';
import type { KeyRing } from '#platform/config/key-ring';
import { createPayloadCodec } from '#platform/temporal/payload-codec';
import type { Logger } from '#platform/telemetry/logger';
import type { GatewayConfig } from '../config.ts';

interface JsonPayload {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly data?: string;
}

export interface CodecServerOptions {
  readonly config: Pick<GatewayConfig, 'mode' | 'bind' | 'codecPort' | 'temporalUiPort' | 'temporalNamespace'>;
  readonly ring: KeyRing;
  readonly log: Logger;
}

const LARGEST_BODY = 8 * 1024 * 1024;

/**
 * Shows the Web UI what it may not read by itself (O-65): locally on loopback and for the Web UI's own pages only. In
 * production it does not exist: decoding there is an operator's act with a permission and an audit event, which comes with its login.
 */
export async function startCodecServer({ config, ring, log }: CodecServerOptions): Promise<{ close(): Promise<void>; port: number } | undefined> {
  if (config.mode === 'production') return undefined;
  const origins = new Set(['127.0.0.1', 'localhost'].map((host) => `http://${host}:${config.temporalUiPort}`));
  const server = createServer((request, response) => {
    serve(request, response, origins, ring).catch((error: unknown) => {
      log.info({ event: 'codec.refused', err: error }, 'a payload was not decoded');
      if (!response.headersSent) end(response, 400, { error: error instanceof Error ? error.message : 'the payloads cannot be read' });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.codecPort, config.bind, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : config.codecPort,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, origins: ReadonlySet<string>, ring: KeyRing): Promise<void> {
  const { origin } = request.headers;
  if (origin !== undefined && !origins.has(origin)) return end(response, 403, { error: 'only the pages of the Temporal Web UI may ask here' });
  if (origin !== undefined) cors(response, origin);
  if (request.method === 'OPTIONS') return end(response, 204);
  if (request.method !== 'POST') return end(response, 405, { error: 'send POST' });
  const [, namespace, action] = /^\/codec\/([\w.-]+)\/(decode|encode)$/.exec(request.url?.split('?')[0] ?? '') ?? [];
  if (!namespace || !action) return end(response, 404, { error: 'ask POST /codec/{namespace}/decode or /encode' });
  const { payloads = [] } = JSON.parse(await textOf(request)) as { payloads?: readonly JsonPayload[] };
  const codec = createPayloadCodec(ring, namespace);
  const done = await codec[action as 'decode' | 'encode'](payloads.map(fromJson));
  end(response, 200, { payloads: done.map(toJson) });
}

/** Protobuf's JSON: bytes are base64. */
const fromJson = ({ metadata = {}, data = '' }: JsonPayload): Payload =>
  ({ metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: Buffer.from(data, 'base64') });

const toJson = ({ metadata, data }: Payload): JsonPayload =>
  ({ metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])), data: Buffer.from(data ?? []).toString('base64') });

function cors(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('vary', 'origin');
}

function end(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body ? JSON.stringify(body) : undefined);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Error(`more than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
