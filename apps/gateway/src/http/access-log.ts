import type { NextFunction, Response } from 'express';
import { logContext, withLogContext } from '#platform/telemetry/context';
import type { Logger } from '#platform/telemetry/logger';
import type { Metrics } from '#platform/telemetry/metrics';
import type { GatewayRequest } from './request.ts';
import { routeTemplate } from './route-template.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** One line and two figures per answered request: the route's template, never the address that was asked (O-34, O-35). */
export const accessLog = (log: Logger, metrics: Metrics) => (request: GatewayRequest, response: Response, next: NextFunction): void => {
  const context = logContext();
  response.once('close', () => withLogContext(context, () => {
    const { method } = request;
    const route = routeTemplate(request) || 'unmatched';
    const { statusCode: status } = response;
    const durationMs = Math.round((performance.now() - request.facts.begunAt) * 10) / 10;
    metrics.count('wattbook_http_requests_total', { method, route, status: String(status) });
    metrics.observe('wattbook_http_request_duration_seconds', durationMs / 1_000, { method, route });
    const outcome = status >= 500 ? 'error' : status >= 400 ? 'refused' : 'ok';
    // A customer's refusal is a fact, ours is a warning; what is only read is of interest to nobody but developers (O-37).
    const level = status >= 500 ? 'warn' : status < 400 && READS.has(method) ? 'debug' : 'info';
    const { orgId: org_id, credentialId: actor_id } = request.principal ?? {};
    log[level]({ event: 'http.request', method, route, status, duration_ms: durationMs, outcome, org_id, actor_id }, `${method} ${route} ${status}`);
  }));
  next();
};
