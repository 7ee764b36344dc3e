import { describe, expect, test } from 'vitest';
import { withLogContext } from './context.ts';
import { createLogger } from './logger.ts';

function lines(level = 'debug') {
  const written: string[] = [];
  const log = createLogger({ service: 'gateway', environment: 'test', level, instance: 'i-1' }, { write: (line) => void written.push(line) });
  return { log, written, last: () => JSON.parse(written.at(-1)!) as Record<string, unknown> };
}

describe('log lines (O-34)', () => {
  test('always say time, level, service, version, environment, instance, event and msg', () => {
    const { log, last } = lines();
    log.info({ event: 'workload.accepted' }, 'a workload was accepted');
    expect(last()).toMatchObject({ level: 'info', service: 'gateway', version: expect.any(String), environment: 'test', instance: 'i-1', event: 'workload.accepted', msg: 'a workload was accepted' });
    expect(last()['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('carry the context of the request, also across awaits, and nothing after it; never where it came from', async () => {
    const { log, written } = lines();
    await withLogContext({ request_id: 'r-1', correlation_id: 'c-1', ip: '203.0.113.9', user_agent: 'curl' }, async () => {
      await Promise.resolve();
      await withLogContext({ org_id: 'o-1' }, async () => log.info({ event: 'x.y' }, 'inside'));
    });
    log.info({ event: 'x.y' }, 'outside');
    const [inside, outside] = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(inside).toMatchObject({ request_id: 'r-1', correlation_id: 'c-1', org_id: 'o-1' });
    expect(inside).not.toHaveProperty('ip');
    expect(inside).not.toHaveProperty('user_agent');
    expect(outside).not.toHaveProperty('request_id');
  });

  test('one event is one line, whatever stands in it', () => {
    const { log, written } = lines();
    log.warn({ event: 'x.y', outcome: 'a\r\nb\u0000c\u001b[31m\u2028' }, 'two\nlines');
    expect(written).toHaveLength(1);
    expect(written[0]!.trimEnd().split('').filter((character) => character < ' ')).toEqual([]);
  });

  test('errors give code, type and stack, without the secrets of their text', () => {
    const { log, last } = lines();
    log.error({ event: 'x.failed', err: Object.assign(new TypeError('no connection to postgres://app:s3cret@db/wattbook'), { code: 'ECONNREFUSED' }) }, 'failed with Bearer abcdef123456');
    expect(last()).toMatchObject({ 'error.type': 'TypeError', 'error.code': 'ECONNREFUSED', msg: 'failed with [redacted]' });
    expect(JSON.stringify(last())).not.toContain('s3cret');
  });

  test('what was thrown need not be an error', () => {
    const { log, last } = lines();
    log.error({ event: 'x.failed', err: 'just text' }, 'failed');
    expect(last()).toMatchObject({ 'error.type': 'string', 'error.code': 'just text' });
  });

  test('levels below the chosen one are silent', () => {
    const { log, written } = lines('warn');
    log.debug({ event: 'x.y' }, 'no');
    log.info({ event: 'x.y' }, 'no');
    log.warn({ event: 'x.y' }, 'yes');
    expect(written).toHaveLength(1);
  });
});
