import { HttpException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { ServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test, vi } from 'vitest';
import { Problem } from '#platform/errors/problem';
import { silentLogger } from '#platform/telemetry/logger';
import { isDatabaseAway, ProblemFilter } from './problem.filter.ts';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });

/** Runs an error through the filter as Nest does, and says what went out and what was logged. */
function answer(thrown: unknown, { params = {}, principal, headersSent = false }: { params?: object; principal?: object; headersSent?: boolean } = {}) {
  const sent: { status?: number; type?: string; headers: object; body?: any; destroyed?: boolean } = { headers: {} };
  const response = {
    headersSent,
    status: (status: number) => ((sent.status = status), response), set: (headers: object) => ((sent.headers = headers), response), type: (type: string) => ((sent.type = type), response),
    send: (body: string) => ((sent.body = JSON.parse(body)), response), destroy: () => void (sent.destroyed = true),
  };
  const request = { facts: { requestId: 'r-1' }, originalUrl: '/api/v1/things?x=1', url: '/api/v1/things?x=1', path: '/api/v1/things', params, principal, get: () => undefined };
  const log = { ...silentLogger, error: vi.fn(), warn: vi.fn() };
  const journal = { notFound: vi.fn() };
  new ProblemFilter(log, journal as never).catch(thrown, { switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }) } as unknown as ArgumentsHost);
  return { ...sent, log, journal };
}

describe('errors become answers in one place', () => {
  test.each<[string, unknown, number, string]>([
    ['a problem, as it is', new Problem('budget-exceeded', 'Spent.'), 402, 'budget-exceeded'],
    ['a workflow’s refusal, by its code', ApplicationFailure.create({ type: 'invalid-transition', message: 'It is paused.' }), 409, 'invalid-transition'],
    ['an update that a workflow refused', new WorkflowUpdateFailedError('refused', ApplicationFailure.create({ type: 'no-candidate', message: 'Nobody.' })), 409, 'no-candidate'],
    ['a run that is not there', new WorkflowNotFoundError('gone', 'workload/1', undefined), 404, 'not-found'],
    ['Temporal away', new ServiceError('no connection'), 503, 'unavailable'],
    ['a database that is away', coded('ECONNREFUSED'), 503, 'unavailable'],
    ['a route that is not there', new HttpException('no', 404), 404, 'not-found'],
    ['a body that is too large', new HttpException('big', 413), 413, 'payload-too-large'],
    ['another media type', new HttpException('type', 415), 415, 'unsupported-media-type'],
    ['an address that cannot be decoded', new URIError('%'), 400, 'invalid-request'],
    ['a workflow’s bug', ApplicationFailure.create({ type: 'TypeError', message: 'undefined is not a function' }), 500, 'internal'],
    ['a bug', new TypeError('undefined is not a function'), 500, 'internal'],
    ['something that is no error', 'oh', 500, 'internal'],
  ])('%s', (_name, error, status, code) => {
    const { status: sent, type, body } = answer(error);
    expect([sent, type, body.code, body.status, body.request_id]).toEqual([status, 'application/problem+json', code, status, 'r-1']);
  });

  test('a workflow’s further members stand in the body', () => {
    const refusal = ApplicationFailure.create({ type: 'no-candidate', message: 'Nobody.', details: [{ excluded: { capacity: 3 } }] });
    expect(answer(refusal).body).toMatchObject({ detail: 'Nobody.', excluded: { capacity: 3 } });
  });

  test('O-143: of a bug nothing leaves the process but the id that finds it; the log has the rest', () => {
    const { body, log } = answer(new TypeError('secret canary in a message'));
    expect(JSON.stringify(body)).not.toContain('canary');
    expect(log.error).toHaveBeenCalledOnce();
    expect(answer(new Problem('not-ready', 'Later.')).log.error).not.toHaveBeenCalled();
  });

  test('a refusal for our reasons is a warning, a stored 503 is none', () => {
    expect(answer(coded('57P01')).log.warn).toHaveBeenCalledOnce();
    expect(answer(new Problem('unavailable', 'x')).log.warn).not.toHaveBeenCalled();
  });

  test('somebody who asks for an id that is not theirs is written down; a stranger or a list is not', () => {
    expect(answer(new Problem('not-found', 'x'), { principal: { orgId: 'o' }, params: { id: '1' } }).journal.notFound).toHaveBeenCalledOnce();
    expect(answer(new Problem('not-found', 'x'), { params: { id: '1' } }).journal.notFound).not.toHaveBeenCalled();
    expect(answer(new Problem('not-found', 'x'), { principal: { orgId: 'o' } }).journal.notFound).not.toHaveBeenCalled();
  });

  test('an answer that has begun is cut, not mended', () => expect(answer(new TypeError('late'), { headersSent: true })).toMatchObject({ destroyed: true, headers: {} }));
});

describe('a database that is away', () => {
  test.each(['08006', '57P01', '57P03', '53300', '57014', '55P03', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'])('%s', (code) => expect(isDatabaseAway(coded(code))).toBe(true));
  test.each(['23505', '42501', '22P02', '40001', 'ENOENT', ''])('%s is a fault of ours', (code) => expect(isDatabaseAway(coded(code))).toBe(false));
  test('also as the cause of another error, or one of several', () => {
    expect(isDatabaseAway(new Error('outer', { cause: coded('ECONNREFUSED') }))).toBe(true);
    expect(isDatabaseAway(new AggregateError([new Error('x'), coded('ECONNREFUSED')]))).toBe(true);
    expect(isDatabaseAway(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isDatabaseAway('no error')).toBe(false);
  });
});
