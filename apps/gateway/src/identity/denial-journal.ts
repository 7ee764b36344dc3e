import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { sql } from 'kysely';
import { attemptedAction } from '#domain/audit/actions';
import { appendAudit, type AuditActor, type AuditEntry } from '#platform/audit/append';
import { one, type Database } from '#platform/db/in-org';
import type { Logger } from '#platform/telemetry/logger';
import type { GatewayRequest } from '../http/request.ts';
import { routeTemplate } from '../http/route-template.ts';
import { DATABASE, LOGGER } from '../tokens.ts';
import { actorOf, requestIds } from './audit.ts';
import type { Principal } from './caller.ts';

const FLUSH_MS = 1_000;
const MOST_WAITING = 5_000;
/** From this many equal ones in a minute, the rest is one event with their count. */
const COUNTED_FROM = 20;
const WINDOW_MS = 60_000;
const NOBODY: AuditActor = { type: 'system', id: 'unauthenticated', credential_id: null, on_behalf_of: null };

interface Window {
  readonly begunAt: number;
  readonly last: AuditEntry;
  readonly seen: number;
}

/** Refusals in the audit log (P-63): a 403 before it is answered, a 401 within 2 s. */
@Injectable()
export class DenialJournal implements OnApplicationShutdown {
  #waiting: AuditEntry[] = [];
  readonly #windows = new Map<string, Window>();
  readonly #probes = new Map<string, { readonly begunAt: number; readonly seen: number }>();
  readonly #timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  #flushing: Promise<void> = Promise.resolve();

  constructor(@Inject(DATABASE) private readonly database: Database, @Inject(LOGGER) private readonly log: Logger) {}

  denied(principal: Principal, request: GatewayRequest, permission: string): Promise<void> {
    return this.database.inOrg(principal.orgId, (em) => appendAudit(em, principal.orgId, entry(actorOf(principal), request, permission)));
  }

  /** Only noted: a store that is away must not make a 401 slow, and a flood of them must not become a flood of rows. */
  unauthenticated(request: GatewayRequest, permission: string): void {
    const key = `${request.ip} ${request.method} ${routeTemplate(request)}`;
    const before = this.#windows.get(key);
    const window = { begunAt: before?.begunAt ?? performance.now(), seen: (before?.seen ?? 0) + 1, last: entry(NOBODY, request, permission) };
    this.#windows.set(key, window);
    if (window.seen < COUNTED_FROM && this.#waiting.length < MOST_WAITING) this.#waiting.push(window.last);
  }

  /** Twenty ids in a minute that are not there is somebody trying ids: told once a minute, in the chain of whose key it is. */
  notFound(principal: Principal, request: GatewayRequest): void {
    const now = performance.now();
    const before = this.#probes.get(principal.credentialId);
    const probe = before && now - before.begunAt < WINDOW_MS ? { ...before, seen: before.seen + 1 } : { begunAt: now, seen: 1 };
    if (this.#probes.size > MOST_WAITING) this.#probes.clear();
    this.#probes.set(principal.credentialId, probe);
    if (probe.seen !== COUNTED_FROM) return;
    const told: AuditEntry = { ...entry(actorOf(principal), request, 'none'), action: 'access.probe', permission: null, reason: 'many ids that are not there', count: probe.seen };
    this.database.inOrg(principal.orgId, (em) => appendAudit(em, principal.orgId, told))
      .catch((error: unknown) => this.log.warn({ event: 'audit.probe_lost', err: error }, 'a probe of ids could not be audited'));
  }

  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.#closeWindows(Number.POSITIVE_INFINITY);
    await this.flush();
  }

  #closeWindows(now: number): void {
    for (const [key, { begunAt, seen, last }] of this.#windows) {
      if (now - begunAt < WINDOW_MS) continue;
      this.#windows.delete(key);
      if (seen >= COUNTED_FROM) this.#waiting.push({ ...last, count: seen - COUNTED_FROM + 1 });
    }
  }

  async #write(): Promise<void> {
    this.#closeWindows(performance.now());
    const entries = this.#waiting;
    if (entries.length === 0) return;
    this.#waiting = [];
    try {
      const { id } = await this.database.inSystem((em) => one(em, sql<{ id: string }>`select platform_org_id() as id`));
      await this.database.inOrg(id, async (em) => {
        for (const waiting of entries) await appendAudit(em, id, waiting);
      });
    } catch (error) {
      this.#waiting = [...entries, ...this.#waiting].slice(0, MOST_WAITING);
      this.log.warn({ event: 'audit.journal_waits', err: error, waiting: this.#waiting.length }, 'refused sign-ins wait to be audited until the database is back');
    }
  }
}

function entry(actor: AuditActor, request: GatewayRequest, permission: string): AuditEntry {
  return {
    actor, action: attemptedAction(permission), target: { type: 'route', id: `${request.method} ${routeTemplate(request)}` }, outcome: 'denied', permission,
    reason: actor === NOBODY ? 'unauthenticated' : 'permission-denied', changes: [], ...requestIds(),
  };
}
