import type { Request } from 'express';
import type { Principal } from '../identity/caller.ts';

/** What the gateway knows of a request before its handler runs. */
export interface RequestFacts {
  /** The server's own, always (P-7). */
  readonly requestId: string;
  /** The caller's name for it, where it has an acceptable form. */
  readonly clientRequestId: string | undefined;
  readonly correlationId: string;
  readonly begunAt: number;
}

export interface GatewayRequest extends Request {
  facts: RequestFacts;
  principal?: Principal;
  /** The body as it came, for signatures and hashes; empty where none was sent. */
  rawBody?: Buffer;
}
