import type { Response } from 'express';
import { Problem } from '#platform/errors/problem';

interface Bucket {
  tokens: number;
  at: number;
}

const PER_MINUTE = 1_200;
const PER_MS = PER_MINUTE / 60_000;
const MOST_BUCKETS = 10_000;

/** P-111: writes of one organisation per minute. Each gateway counts its own; the credential says whose they are, never an address. */
export class WriteLimit {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one and says in the headers what is left. @throws Problem `rate-limited`, 429 */
  take(orgId: string, response: Response, nowMs = performance.now()): void {
    const bucket = this.#refilled(orgId, nowMs);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    const untilOneMs = allowed ? 0 : (1 - bucket.tokens) / PER_MS;
    response.setHeader('ratelimit-policy', `"writes";q=${PER_MINUTE};w=60`);
    response.setHeader('ratelimit', `"writes";r=${Math.floor(bucket.tokens)};t=${Math.ceil((PER_MINUTE - bucket.tokens) / PER_MS / 1_000)}`);
    if (!allowed) throw new Problem('rate-limited', `Your organisation sent more than ${PER_MINUTE} writes in a minute; wait as long as Retry-After says.`, {}, { 'retry-after': String(Math.max(1, Math.ceil(untilOneMs / 1_000))) });
  }

  #refilled(orgId: string, nowMs: number): Bucket {
    const known = this.#buckets.get(orgId);
    if (known) {
      known.tokens = Math.min(PER_MINUTE, known.tokens + (nowMs - known.at) * PER_MS);
      known.at = nowMs;
      return known;
    }
    // Organisations that were quiet for a minute have a full bucket again, so forgetting all costs no more than one burst each.
    if (this.#buckets.size >= MOST_BUCKETS) this.#buckets.clear();
    const fresh = { tokens: PER_MINUTE, at: nowMs };
    this.#buckets.set(orgId, fresh);
    return fresh;
  }
}
