import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withLogContext } from '#platform/telemetry/context';
import { AddressGuard } from './address-guard.ts';
import { AgentClient, NodeCallError, type AgentAddress, type JobRequest } from './agent-client.ts';
import { openToken, sealToken } from './agent-token.ts';
import { jobIdOf, NodeAgents } from './node-agents.ts';

const job = {
  job_id: 'w.1', fence: 1, state: 'running', units_done: 5, units_total: 10, started_at: '2026-11-03T11:00:00.000Z', ended_at: null, last_checkpoint: null,
  energy_mj: '123', grade: 'modelled', result: null, error: null,
};
let respond: (request: IncomingMessage, response: ServerResponse) => void;
const json = (status: number, body: unknown, type = 'application/json') => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
const server = createServer((request, response) => respond(request, response));
let agent: AgentAddress;
const client = new AgentClient(new AddressGuard(['127.0.0.0/8'], false));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = { nodeId: 'node-1', address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, agentToken: 'secret' };
});
afterAll(async () => {
  await client.close();
  server.close();
});

const code = async (work: Promise<unknown>) => work.then(() => 'no error', (error: NodeCallError) => error.code);

describe('AgentClient', () => {
  test('sends its token and the ids of the business act, and reads a job', async () => {
    let seen: IncomingMessage['headers'] = {};
    respond = (request, response) => ((seen = request.headers), json(200, { ...job, colour: 'green' })(request, response));
    const answer = await withLogContext({ correlation_id: 'c-1', request_id: 'r-1', trace_id: 'a'.repeat(32) }, () => client.getJob(agent, 'w.1'));
    expect(answer).toEqual({ ok: true, value: { ...job, devices: [] } });
    expect(seen).toMatchObject({ authorization: 'Bearer secret', 'x-correlation-id': 'c-1', 'x-request-id': 'r-1', traceparent: `00-${'a'.repeat(32)}-0000000000000001-00` });
  });

  test.each([
    ['job_conflict', 409], ['fence_too_old', 409], ['no_capacity', 409], ['owner_in_use', 503], ['draining', 503], ['not_running', 409], ['not_found', 404],
  ])('%s is a value, not an error', async (refused, status) => {
    respond = json(status, { code: refused, detail: 'because' });
    expect(await client.putJob(agent, 'w.1', {} as JobRequest)).toEqual({ ok: false, code: refused, detail: 'because' });
  });

  test('deleting what the agent does not know is done', async () => {
    respond = json(404, { code: 'not_found', detail: '' });
    expect(await client.deleteJob(agent, 'w.1', 1)).toMatchObject({ ok: true });
  });

  test.each([
    ['HTML with 200', json(200, '<html>', 'text/html')],
    ['half an object', json(200, '{"job_id":')],
    ['NaN for energy', json(200, { ...job, energy_mj: 'NaN' })],
    ['a negative energy', json(200, { ...job, energy_mj: '-1' })],
    ['1e309 units', json(200, '{"job_id":"w.1","units_done":1e309}')],
    ['a state that we do not know', json(200, { ...job, state: 'dreaming' })],
    ['a redirect', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location: 'http://127.0.0.1:1/', 'content-type': 'application/json' }).end('{}')],
    ['2 MiB of text', json(200, `"${'x'.repeat(2 << 20)}"`)],
    ['an error without a code', json(500, {})],
    ['a refusal that we do not know', json(409, { code: 'no_mood', detail: '' })],
  ])('W-34: %s is node_protocol_error', async (_name, answer) => {
    respond = answer;
    expect(await code(client.getJob(agent, 'w.1'))).toBe('node_protocol_error');
  });

  test('nobody there, and an answer that is cut, are node_unreachable', async () => {
    expect(await code(client.getJob({ ...agent, address: 'http://127.0.0.1:1' }, 'w.1'))).toBe('node_unreachable');
    respond = (request) => void request.socket.destroy();
    expect(await code(client.getJob(agent, 'w.1'))).toBe('node_unreachable');
  });
});

describe('AddressGuard (W-15)', () => {
  const at = (address: string) => ({ ...agent, address });

  test.each([
    ['a literal address outside', 'http://10.0.0.1'],
    ['the cloud\'s metadata', 'http://169.254.169.254'],
    ['an IPv6 loopback that is not allowed', 'http://[::1]:1'],
    ['another scheme', 'file:///etc/passwd'],
  ])('%s is never connected to', async (_name, address) => {
    await expect(client.health(at(address))).rejects.toThrow(/NODE_ADDRESS_ALLOW|not https/);
  });

  test('a name is judged by what it resolves to', async () => {
    const nowhere = new AgentClient(new AddressGuard(['203.0.113.0/24'], false));
    await expect(nowhere.health(at(agent.address.replace('127.0.0.1', 'localhost')))).rejects.toThrow('resolves outside NODE_ADDRESS_ALLOW');
    await nowhere.close();
  });

  test('outside local mode only https is spoken', async () => {
    const strict = new AgentClient(new AddressGuard(['127.0.0.0/8'], true));
    await expect(strict.health(agent)).rejects.toThrow('not https');
    await strict.close();
  });
});

describe('NodeAgents', () => {
  const directory = { find: async (nodeId: string) => (nodeId === 'node-1' ? agent : undefined) } as never;

  test('a failed call is told once; a refusal is none', async () => {
    const failures: string[] = [];
    const agents = new NodeAgents(directory, client, async (nodeId) => void failures.push(nodeId));
    respond = json(409, { code: 'no_capacity', detail: '' });
    await agents.putJob('node-1', 'w.1', {} as JobRequest);
    respond = json(200, 'nonsense');
    await expect(agents.getJob('node-1', 'w.1')).rejects.toThrow(NodeCallError);
    expect(failures).toEqual(['node-1']);
    await expect(agents.getJob('node-2', 'w.1')).rejects.toThrow('never registered');
  });

  test('the id of a stay', () => expect(jobIdOf('w', 2)).toBe('w.2'));
});

describe('sealed tokens', () => {
  const ring = { active: 'k2', keys: new Map([['k1', Buffer.alloc(32, 1)], ['k2', Buffer.alloc(32, 2)]]) };

  test('open for their node, under any key of the ring, and nowhere else', () => {
    const sealed = sealToken(ring, 'node-1', 'token');
    expect(openToken({ ...ring, active: 'k1' }, 'node-1', sealed)).toBe('token');
    expect(() => openToken(ring, 'node-2', sealed)).toThrow();
    expect(() => openToken({ active: 'k1', keys: new Map([['k1', Buffer.alloc(32, 1)]]) }, 'node-1', sealed)).toThrow('WATTBOOK_MASTER_KEYS');
    sealed[sealed.length - 20]! ^= 1;
    expect(() => openToken(ring, 'node-1', sealed)).toThrow();
  });

  test('two of the same token differ', () => expect(sealToken(ring, 'n', 't')).not.toEqual(sealToken(ring, 'n', 't')));
});
