import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import canonicalize from 'canonicalize';
import type { Response } from 'express';
import { sql } from 'kysely';
import { rows, type Database, type SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import type { Principal } from '../identity/caller.ts';
import { DATABASE } from '../tokens.ts';
import { findAnswer, keepAnswer, lockKey, type AnswerKey, type StoredAnswer } from './idempotency.sql.ts';
import { instanceOf } from './instance.ts';
import { KeyQueue } from './key-queue.ts';
import type { GatewayRequest } from './request.ts';
import { invalidRequest } from './strict-query.ts';

export interface Reply<Body extends object> {
  readonly status: number;
  readonly body: Body;
  /** Kept with the answer: `location`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal that was answered before under the same key: the filter sends it as it was. */
export class ReplayedProblem extends Error {
  constructor(readonly answer: StoredAnswer) {
    super(answer.body);
  }
}

type Outcome<Body extends object> = { readonly stored: StoredAnswer } | { readonly refusal: Problem } | { readonly reply: Reply<Body> };

const FORM = /^[!-~]{16,255}$/;
/** Not the request's own answer, or one that may be another the next time. */
const NOT_KEPT: ReadonlySet<number> = new Set([401, 403, 429]);

/**
 * the answer is stored in the transaction of its effect, so a crash leaves both or neither. Requests with the same key wait
 * for the first, up to 5 s; within this process they wait without holding a connection.
 */
@Injectable()
export class Idempotency {
  readonly #queue = new KeyQueue();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /**
   * Runs `work` in one transaction, at most once per `Idempotency-Key`, and puts status and headers on the response.
   * What does not belong into the transaction (starting the run) the caller does afterwards, for a replay too: it is idempotent.
   */
  async answerOnce<Body extends object>(request: GatewayRequest, response: Response, { orgId }: Principal, work: (em: SqlEntityManager) => Promise<Reply<Body>>): Promise<Body> {
    const key = keyOf(request, orgId);
    if (!key) return send(response, await this.database.inOrg(orgId, work));
    const outcome = await this.#queue.within(`${orgId} ${key.route} ${key.key}`, () => this.database.inOrg(orgId, (em) => this.#first(em, key, request, work)));
    if ('stored' in outcome) return replay<Body>(outcome.stored, response);
    if ('refusal' in outcome) throw outcome.refusal;
    return send(response, outcome.reply);
  }

  /** A refusal from before the handler (a body outside of the schema) is an answer too. @returns what to throw */
  async refuseOnce(request: GatewayRequest, { orgId }: Principal, refusal: Problem): Promise<Error> {
    const key = keyOf(request, orgId)!;
    return this.#queue.within(`${orgId} ${key.route} ${key.key}`, () => this.database.inOrg(orgId, async (em) => {
      await lockKey(em, key);
      const stored = await findAnswer(em, key);
      if (stored) return stored.request_sha256 === key.sha256 ? new ReplayedProblem(stored) : mismatch();
      await keepAnswer(em, key, refused(refusal, request));
      return refusal;
    }));
  }

  async #first<Body extends object>(em: SqlEntityManager, key: AnswerKey, request: GatewayRequest, work: (em: SqlEntityManager) => Promise<Reply<Body>>): Promise<Outcome<Body>> {
    await lockKey(em, key);
    const stored = await findAnswer(em, key);
    if (stored && stored.request_sha256 !== key.sha256) throw mismatch();
    if (stored) return { stored };
    await rows(em, sql`savepoint before_work`);
    try {
      const reply = await work(em);
      await keepAnswer(em, key, { status: reply.status, headers: reply.headers ?? {}, body: JSON.stringify(reply.body) });
      return { reply };
    } catch (error) {
      // What is outside of the schema is kept by the interceptor, wherever it was found.
      if (!(error instanceof Problem) || error.status >= 500 || NOT_KEPT.has(error.status) || error.code === 'invalid-request') throw error;
      // Nothing of the work stays but its answer, still under the lock: a second request cannot do the work in between.
      await rows(em, sql`rollback to savepoint before_work`);
      await keepAnswer(em, key, refused(error, request));
      return { refusal: error };
    }
  }
}

/** @throws Problem 400 where the header has another form */
export function keyOf(request: GatewayRequest, orgId: string): AnswerKey | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!FORM.test(key)) throw invalidRequest([{ pointer: '/Idempotency-Key', code: 'wrong-value', detail: 'The header Idempotency-Key takes 16 to 255 visible ASCII characters.' }]);
  return { orgId, route: `${request.method} ${request.path}`, key, sha256: requestHash(request) };
}

/** Equal members in another order are the same request; a body that cannot be read is equal to itself. */
function requestHash({ body, rawBody }: GatewayRequest): string {
  const bytes = body === undefined && rawBody?.length ? rawBody : canonicalize((body as unknown) ?? {})!;
  return createHash('sha256').update(bytes).digest('hex');
}

const refused = (problem: Problem, request: GatewayRequest) =>
  ({ status: problem.status, headers: problem.headers, body: JSON.stringify(problem.toBody(request.facts.requestId, instanceOf(request))) });

const mismatch = () => new Problem('idempotency-mismatch', 'This Idempotency-Key was used with another body; use a new key for a new request.');

function send<Body extends object>(response: Response, { status, headers = {}, body }: Reply<Body>): Body {
  response.status(status).set(headers);
  return body;
}

function replay<Body extends object>(stored: StoredAnswer, response: Response): Body {
  if (stored.status >= 400) throw new ReplayedProblem(stored);
  response.setHeader('idempotency-replayed', 'true');
  return send(response, { ...stored, body: JSON.parse(stored.body) as Body });
}
