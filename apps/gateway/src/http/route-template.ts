import type { GatewayRequest } from './request.ts';

/** The template of the route that matched, so that no id and no secret of the address is kept. Empty where none did. */
export function routeTemplate(request: GatewayRequest): string {
  const path: unknown = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : '';
}
