import { redactText } from '#platform/telemetry/redact';
import type { GatewayRequest } from './request.ts';

/** The path that was asked, without its parameters and without a key that somebody put into it, encoded or not. */
export function instanceOf(request: GatewayRequest): string {
  const path = request.originalUrl.split('?')[0]!;
  const read = decoded(path);
  return redactText(read) === read ? path : redactText(read);
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
