import { Problem } from '#platform/errors/problem';
import type { GatewayRequest } from '../http/request.ts';

/** One body for missing, malformed, unknown, expired and revoked credentials (P-52). */
export const unauthenticated = () =>
  new Problem('unauthenticated', 'Send an API key that is in force, as "Authorization: Bearer <key>" or as "X-API-Key: <key>".', {}, { 'www-authenticate': 'Bearer' });

/** The one credential text of a request. Two that differ are nobody's. */
export function credentialOf(request: GatewayRequest): string {
  const bearer = /^Bearer ([!-~]+)$/i.exec(request.get('authorization') ?? '')?.[1];
  const header = request.get('x-api-key');
  if (request.get('authorization') !== undefined && bearer === undefined) throw unauthenticated();
  if (bearer !== undefined && header !== undefined && bearer !== header) throw unauthenticated();
  const text = bearer ?? header;
  if (!text) throw unauthenticated();
  return text;
}
