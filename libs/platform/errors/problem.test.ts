import { describe, expect, test } from 'vitest';
import { PROBLEMS, type ProblemCode } from '#domain/errors/codes';
import { notFound, Problem, unavailable } from './problem.ts';

describe('R-5: a problem as its answer shows it', () => {
  test.each(Object.entries(PROBLEMS) as [ProblemCode, readonly [number, string]][])('%s', (code, [status, title]) => {
    const problem = new Problem(code, 'What happened, whose move it is, the next step.');
    expect(problem.status).toBe(status);
    expect(problem.toBody('019a', '/api/v1/things')).toEqual({
      type: `urn:wattbook:problem:${code}`, title, status, code, detail: 'What happened, whose move it is, the next step.', instance: '/api/v1/things', request_id: '019a',
    });
  });

  test('members stand beside the standard ones', () => {
    const errors = [{ pointer: '/name', code: 'required', detail: 'name is missing' }];
    expect(new Problem('invalid-request', 'x', { errors, allowed: ['cancel'] }).toBody('r', '/')).toMatchObject({ errors, allowed: ['cancel'] });
  });

  test('it is an Error whose message is the detail, and no stack reaches the body', () => {
    const problem = new Problem('internal', 'It failed.');
    expect(problem).toBeInstanceOf(Error);
    expect(problem.message).toBe('It failed.');
    expect(JSON.stringify(problem.toBody('r', '/'))).not.toMatch(/stack|problem\.test/);
  });

  test('what is not there and what is somebody else’s are one answer', () => expect(notFound().toBody('r', '/a')).toEqual(notFound().toBody('r', '/a')));

  test('what is away says when to come again, and that nothing was stored', () => {
    const away = unavailable('The database');
    expect([away.status, away.headers]).toEqual([503, { 'retry-after': '2' }]);
    expect(away.detail).toBe('The database cannot be reached at the moment. Nothing was stored; send the same request again.');
  });
});
