import { randomBytes } from 'node:crypto';
import type { NextFunction, Response } from 'express';
import { uuidv7 } from '#platform/ids/uuidv7';
import { withLogContext } from '#platform/telemetry/context';
import type { GatewayRequest } from './request.ts';

const CLIENT_REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** First of all: names the request, takes the trace it belongs to, and says both in every answer (O-38). */
export function requestContext(request: GatewayRequest, response: Response, next: NextFunction): void {
  const own = request.get('x-request-id');
  const correlationId = TRACEPARENT.exec(request.get('traceparent') ?? '')?.[1] ?? randomBytes(16).toString('hex');
  request.facts = { requestId: uuidv7(), clientRequestId: own && CLIENT_REQUEST_ID.test(own) ? own : undefined, correlationId, begunAt: performance.now() };
  response.setHeader('x-request-id', request.facts.requestId);
  response.setHeader('x-correlation-id', correlationId);
  response.setHeader('x-content-type-options', 'nosniff');
  const { requestId, clientRequestId } = request.facts;
  withLogContext({ request_id: requestId, client_request_id: clientRequestId, correlation_id: correlationId, trace_id: correlationId, ip: request.ip, user_agent: request.get('user-agent') }, next);
}
