import type { Database } from '#platform/db/in-org';
import { digestOf, parseApiKey } from '#platform/identity/api-key';
import { Problem } from '#platform/errors/problem';
import type { Principal } from './caller.ts';
import { findKey, noteKeysUsed, principalOf, readEpoch } from './key-directory.ts';

export interface AuthenticatorOptions {
  readonly production: boolean;
  readonly stalenessMs: number;
}

interface Cached {
  readonly principal: Principal;
  readonly readAt: number;
}

const POLL_MS = 2_000;
const USE_MS = 30_000;
const MOST_CACHED = 10_000;

/**
 * Who a key is, believed for at most the staleness and only while the epoch of all credentials is known to be fresh: revoked is
 * revoked everywhere within 5 s, and a gateway that cannot know refuses (P-55, R-10).
 */
export class Authenticator {
  readonly #cache = new Map<string, Cached>();
  #epoch = '';
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** Grows with every change: a look-up that began before one must not be remembered after it. */
  #generation = 0;
  #timer: NodeJS.Timeout | undefined;
  #useTimer: NodeJS.Timeout | undefined;
  readonly #used = new Map<string, string>();
  #channel: { close(): Promise<void> } | undefined;

  constructor(private readonly database: Database, private readonly options: AuthenticatorOptions) {}

  /** @param listen hears of changes at once, beside the poll */
  async start(listen: (changed: () => void) => { close(): Promise<void> }): Promise<void> {
    this.#channel = listen(() => void this.#changed());
    await this.#poll();
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    this.#timer.unref();
    // Lost where the database is away: the next use says it again.
    this.#useTimer = setInterval(() => void this.noteUse().catch(() => undefined), USE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#useTimer);
    await this.#channel?.close();
  }

  /** How long ago the epoch was last confirmed, in milliseconds. */
  get staleForMs(): number {
    return performance.now() - this.#confirmedAt;
  }

  get fresh(): boolean {
    return this.staleForMs <= this.options.stalenessMs;
  }

  /** @returns undefined for every text that is no key in force, whatever the reason (P-52) */
  async authenticate(text: string): Promise<Principal | undefined> {
    if (!this.fresh) throw credentialsStale();
    const parsed = parseApiKey(text);
    if (!parsed || (this.options.production && parsed.prefix === 'wb_test_')) return undefined;
    const digest = digestOf(text).toString('base64');
    const known = this.#cache.get(digest);
    const principal = known && performance.now() - known.readAt < this.options.stalenessMs ? known.principal : await this.#lookUp(text, parsed.keyId, digest);
    if (principal) this.#used.set(principal.credentialId, principal.orgId);
    return principal;
  }

  /** `last_used_at`, exact to a minute (P-51) without a write per request. */
  async noteUse(): Promise<void> {
    const used = [...this.#used];
    this.#used.clear();
    for (const [orgId, ids] of Map.groupBy(used, ([, org]) => org)) await noteKeysUsed(this.database, orgId, ids.map(([id]) => id));
  }

  /** Something about credentials changed: believe nothing that was read before. */
  forget(): void {
    this.#generation += 1;
    this.#cache.clear();
  }

  async #lookUp(text: string, keyId: string, digest: string): Promise<Principal | undefined> {
    const generation = this.#generation;
    const readAt = performance.now();
    const principal = principalOf(await findKey(this.database, keyId), text, Date.now());
    if (principal && generation === this.#generation) {
      if (this.#cache.size >= MOST_CACHED) this.#cache.clear();
      this.#cache.set(digest, { principal, readAt });
    }
    return principal;
  }

  async #changed(): Promise<void> {
    this.forget();
    await this.#poll();
  }

  async #poll(): Promise<void> {
    const askedAt = performance.now();
    try {
      const epoch = await readEpoch(this.database);
      if (epoch !== this.#epoch) this.forget();
      this.#epoch = epoch;
      this.#confirmedAt = askedAt;
    } catch {
      // The age of the last confirmation says it: past the staleness every request is refused and the process is not ready.
    }
  }
}

const credentialsStale = () =>
  new Problem('credentials-stale', 'The gateway cannot confirm at the moment which credentials are in force, so it lets nobody in. Nothing was stored; send the same request again.', {}, { 'retry-after': '2' });
