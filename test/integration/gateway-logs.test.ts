import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '#platform/telemetry/logger';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

let db: FreshDatabase;
let gateway: TestGateway;
let aurora: TestOrganization;
const lines: Record<string, unknown>[] = [];
const CANARY = 'canary-7f3a9b';

beforeAll(async () => {
  db = await freshDatabase();
  await addOrganization(db, 'platform', { kind: 'platform' });
  aurora = await addOrganization(db, 'aurora-labs');
  gateway = await startGateway(db, {}, { log: createLogger({ service: 'gateway', environment: 'test', level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }) });
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

const PATH = '/api/v1/organization';

async function lineOf(requestId: string | null): Promise<Record<string, unknown>> {
  const find = () => lines.find(({ event, request_id }) => event === 'http.request' && request_id === requestId);
  await expect.poll(find).toBeDefined();
  return find()!;
}

describe('names of a request (P-7, O-38)', () => {
  test('x-request-id is the server\'s own, and the caller\'s is kept beside it', async () => {
    const { headers } = await gateway.request('GET', PATH, { key: aurora.key, headers: { 'x-request-id': 'my-own-request-1' } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
    expect(await lineOf(headers.get('x-request-id'))).toMatchObject({ client_request_id: 'my-own-request-1', org_id: aurora.id, actor_id: aurora.keyRow });
  });

  test.each(['short', 'with a space', 'x'.repeat(129), 'a/b/c/d/e'])('a caller\'s %s is not', async (own) => {
    const { headers } = await gateway.request('GET', PATH, { key: aurora.key, headers: { 'x-request-id': own } });
    expect(await lineOf(headers.get('x-request-id'))).not.toHaveProperty('client_request_id');
  });

  test('the trace that is sent is the correlation id; a broken one is not', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const sent = await gateway.request('GET', PATH, { key: aurora.key, headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
    expect(sent.headers.get('x-correlation-id')).toBe(trace);
    expect(await lineOf(sent.headers.get('x-request-id'))).toMatchObject({ correlation_id: trace });
    for (const broken of [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `ff-${trace}-00f067aa0ba902b7-01`, trace, '']) {
      const { headers } = await gateway.request('GET', PATH, { key: aurora.key, headers: { traceparent: broken } });
      expect(headers.get('x-correlation-id')).toMatch(/^(?!4bf92f)[0-9a-f]{32}$/);
    }
  });
});

describe('what is logged (O-34 to O-37)', () => {
  test('secrets and bodies never, in whatever part of a request they stand', async () => {
    const begin = lines.length;
    const canaryKey = `wb_test_${'c'.repeat(12)}_${'d'.repeat(49)}`;
    await gateway.request('GET', PATH, { key: canaryKey });
    await gateway.request('GET', `${PATH}?token=${CANARY}`, { key: aurora.key });
    await gateway.request('GET', `/api/v1/api-keys/${CANARY}`, { key: aurora.key });
    await gateway.request('GET', `/${CANARY}`, { key: aurora.key });
    await gateway.request('GET', `${PATH}?k=${canaryKey}`);
    await gateway.request('PATCH', PATH, { key: aurora.key, body: { name: CANARY, password: CANARY }, headers: { 'if-match': '*', cookie: `s=${CANARY}`, 'user-agent': CANARY } });
    await gateway.request('PATCH', PATH, { key: aurora.key, body: { name: CANARY }, headers: { 'if-match': '*' } });
    await expect.poll(() => lines.slice(begin).filter(({ event }) => event === 'http.request').length).toBe(7);
    const text = JSON.stringify(lines.slice(begin));
    for (const secret of [CANARY, canaryKey, aurora.key, 'dddddd']) expect(text).not.toContain(secret);
  });

  test('every line has the members of the schema, and a customer\'s mistake is no warning', async () => {
    await gateway.request('GET', PATH);
    await gateway.request('GET', PATH, { key: aurora.key });
    await expect.poll(() => lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/), service: 'gateway', version: expect.any(String), environment: 'test', instance: expect.any(String), event: expect.stringMatching(/^[a-z_]+(\.[a-z_]+)+$/), msg: expect.any(String) });
      expect(['debug', 'info', 'warn', 'error']).toContain(line['level']);
    }
    const requests = lines.filter(({ event }) => event === 'http.request');
    expect(requests.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(new Set(requests.map(({ outcome }) => outcome))).toEqual(new Set(['ok', 'refused']));
    for (const line of requests) expect(line).toMatchObject({ method: expect.any(String), route: expect.any(String), status: expect.any(Number), duration_ms: expect.any(Number), request_id: expect.any(String), correlation_id: expect.any(String) });
  });

  test('who leaves in the middle of a body is refused quietly', async () => {
    const begin = lines.length;
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname, () => socket.write(`PATCH ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${aurora.key}\r\nIf-Match: *\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"name":`, () => setTimeout(() => socket.destroy(), 100)));
    await expect.poll(() => lines.slice(begin).filter(({ method }) => method === 'PATCH').length).toBe(1);
    expect(lines.slice(begin).filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});
