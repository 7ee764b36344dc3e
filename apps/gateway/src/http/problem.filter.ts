import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { isGrpcServiceError, ServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Response } from 'express';
import { isProblemCode } from '#domain/errors/codes';
import { notFound, Problem, unavailable } from '#platform/errors/problem';
import type { Logger } from '#platform/telemetry/logger';
import type { DenialJournal } from '../identity/denial-journal.ts';
import { ReplayedProblem } from './idempotency.ts';
import type { StoredAnswer } from './idempotency.sql.ts';
import { instanceOf } from './instance.ts';
import type { GatewayRequest } from './request.ts';

/** The one place where errors become answers. Controllers throw; none of them catches. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger, private readonly journal: DenialJournal) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<GatewayRequest>();
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof ReplayedProblem) return sendStored(error.answer, response);
    const problem = toProblem(error);
    if (problem.code === 'internal') this.log.error({ event: 'request.failed', err: error }, 'a request failed for a reason that nobody expected');
    if (problem.code === 'unavailable' && !(error instanceof Problem)) this.log.warn({ event: 'request.unavailable', err: error }, 'a request was refused because a part is away');
    if (problem.code === 'not-found' && request.principal && Object.keys(request.params).length > 0) this.journal.notFound(request.principal, request);
    if (response.headersSent) return void response.destroy();
    sendProblem(problem, request, response);
  }
}

export function sendProblem(problem: Problem, request: GatewayRequest, response: Response): void {
  response.status(problem.status).set(problem.headers).type('application/problem+json');
  response.send(JSON.stringify(problem.toBody(request.facts.requestId, instanceOf(request))));
}

function sendStored({ status, headers, body }: StoredAnswer, response: Response): void {
  response.status(status).set({ ...headers, 'idempotency-replayed': 'true' }).type('application/problem+json').send(body);
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof WorkflowUpdateFailedError) return toProblem(error.cause);
  if (error instanceof ApplicationFailure && isProblemCode(error.type ?? '')) return fromWorkflow(error);
  if (error instanceof WorkflowNotFoundError) return notFound();
  if (error instanceof ServiceError || isGrpcServiceError(error)) return unavailable('The workflow engine');
  if (isDatabaseAway(error)) return unavailable('The database');
  if (error instanceof HttpException) return fromHttp(error.getStatus());
  if (isUriFault(error)) return fromHttp(400);
  return new Problem('internal', 'Something failed on our side; it is logged under this request_id. Send the same request with the same Idempotency-Key again.');
}

/** A workflow refuses with a code of the catalogue; its first detail holds the problem's other members. */
function fromWorkflow(failure: ApplicationFailure): Problem {
  const [members] = failure.details ?? [];
  return new Problem(failure.type as Problem['code'], failure.message, typeof members === 'object' && members !== null ? (members as Record<string, unknown>) : {});
}

function fromHttp(status: number): Problem {
  if (status === 404) return notFound();
  if (status === 413) return new Problem('payload-too-large', 'The request is too large; send less.');
  if (status === 415) return new Problem('unsupported-media-type', 'Send the body as application/json.');
  return new Problem('invalid-request', 'The address or the request cannot be read; look at its encoding.', { errors: [] });
}

/** Connections refused or lost, a pool that stays full, a server that starts or stops, a lock that nobody gave up in time. */
const AWAY = /^(?:08...|57P0[123]|53[0-9]{3}|57014|55P03|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const AWAY_WORDS = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|is not queryable/;

export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause ?? (cause as { previous?: unknown }).previous)
    if (AWAY.test(codeOf(cause)) || AWAY_WORDS.test(cause.message)) return true;
  return error instanceof AggregateError && error.errors.some(isDatabaseAway);
}

function codeOf(error: Error): string {
  const code: unknown = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : '';
}

const isUriFault = (error: unknown): boolean => error instanceof URIError || (error instanceof Error && 'status' in error && error.status === 400);
