import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sha256Hex } from '#platform/signing/sha256';
import { withLogContext } from '#platform/telemetry/context';
import type { Logger } from '#platform/telemetry/logger';
import { ProtocolError, refuse } from './protocol-error.ts';

const MOST_BYTES = 1 << 20;

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What stood for `:name` in the route. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers with JSON, or writes to the response itself and returns nothing. */
export type Handler = (call: Call) => Promise<Answer | undefined> | Answer | undefined;

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handler: Handler;
  /** Probes and metrics need no token and are logged only when they fail. */
  readonly open?: boolean;
  /** OpenAI's error body instead of ours (W-5). */
  readonly openai?: boolean;
}

export const route = (method: string, path: string, handler: Handler, more: Pick<Route, 'open' | 'openai'> = {}): Route =>
  ({ method, path: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]{1,200})')}$`), handler, ...more });

export interface ServerOptions {
  readonly routes: readonly Route[];
  /** Null before the node is registered: then every call that needs it is refused. */
  readonly agentToken: () => string | null;
  readonly log: Logger;
}

/** A small HTTP server of our own: a node may be a gamer's PC, and what it runs should be short to read. */
export function createAgentServer(options: ServerOptions): Server {
  const server = createServer((request, response) => {
    const request_id = header(request, 'x-request-id') ?? randomBytes(16).toString('hex');
    response.setHeader('x-request-id', request_id);
    void withLogContext({ request_id, correlation_id: header(request, 'x-correlation-id') ?? request_id, ...traceOf(request) }, () => handle(options, request, response));
  });
  server.keepAliveTimeout = 30_000;
  server.headersTimeout = 10_000;
  return server;
}

async function handle({ routes, agentToken, log }: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const began = performance.now();
  const url = new URL(request.url ?? '/', 'http://node');
  const found = routes.find(({ method, path }) => method === request.method && path.test(url.pathname));
  try {
    if (!found?.open && !isToken(request, agentToken())) throw refuse(401, 'unauthenticated', 'Send the agent token that registration returned: Authorization: Bearer …');
    if (!found) throw refuse(404, 'not_found', 'This node has no such endpoint.');
    const answer = await found.handler({ request, response, url, params: { ...found.path.exec(url.pathname)?.groups } });
    if (answer) sendJson(response, answer.status, answer.body);
  } catch (error) {
    fail(response, error, found?.openai === true, log);
  }
  const line = { event: 'http.request', method: request.method, route: url.pathname, status: response.statusCode, duration_ms: Math.round(performance.now() - began) };
  // What only looks, every other second, is no business fact (O-37).
  if (!found?.open) (request.method === 'GET' && response.statusCode < 400 ? log.debug : log.info)(line, 'answered');
}

function fail(response: ServerResponse, error: unknown, openai: boolean, log: Logger): void {
  if (!(error instanceof ProtocolError)) log.error({ event: 'http.failed', err: error }, 'a request failed on our side');
  const { status, code, detail } = error instanceof ProtocolError ? error : refuse(500, 'internal', 'The node failed; ask again.');
  if (response.headersSent) return void response.destroy();
  const kind = status < 500 ? 'invalid_request_error' : 'server_error';
  sendJson(response, status, openai ? { error: { message: detail, type: kind, param: null, code } } : { code, detail });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Reads at most 1 MiB of JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw refuse(415, 'unsupported_media_type', 'Send application/json.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw refuse(413, 'too_large', 'At most 1 MiB is read.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw refuse(400, 'invalid_request', 'The body is no JSON.');
  }
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;
};

const traceOf = (request: IncomingMessage): { trace_id?: string } => {
  const trace = /^00-([0-9a-f]{32})-/.exec(header(request, 'traceparent') ?? '')?.[1];
  return trace ? { trace_id: trace } : {};
};

/** Compared as digests, in constant time. */
function isToken(request: IncomingMessage, token: string | null): boolean {
  const sent = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  return sent !== undefined && token !== null && timingSafeEqual(Buffer.from(sha256Hex(sent)), Buffer.from(sha256Hex(token)));
}
