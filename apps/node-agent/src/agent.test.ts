import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkReport, type ReportContext } from '#domain/energy-report/check-report';
import { canonicalBytes, NO_PREVIOUS, registrationText, type ReportWithOpenings } from '#domain/energy-report/report';
import { PublicKey, type PublicJwk } from '#platform/signing/ed25519';
import { sha256Base64url, sha256Name } from '#platform/signing/sha256';
import { silentLogger } from '#platform/telemetry/logger';
import { Agent, type AgentOptions } from './agent.ts';
import { simulatedInventory } from './machine/simulated-inventory.ts';
import { SimulatedMachine } from './machine/simulated-machine.ts';

const SCALE = 600;
const WORKLOAD = '01a1a0d9-a2e0-7000-8000-000000000001';
const job = (over: object = {}) => ({
  fence: 1, workload_id: WORKLOAD, segment: 1, kind: 'fine_tune', program: null, gpu_count: 1, gpu_memory_gb: 80, units_total: 6_000_000, units_done: 0, restore: null,
  checkpoint: { interval_s: 3_600, upload_uri: 'sim://store', size_bytes: 1_000_000_000 }, limits: { max_seconds: null, max_mj: null }, nonce: 'n', ...over,
});

/** The gateway's side of the protocol, in memory. */
class FakeGateway {
  readonly calls: { path: string; token: string; body: any }[] = [];
  readonly reports: ReportWithOpenings[] = [];
  refuse: number | undefined;
  desired = 'serve';
  readonly server: Server = createServer((request, response) => void this.answer(request).then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  of(end: string) {
    return this.calls.filter(({ path }) => path.endsWith(end));
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const body = JSON.parse(text);
    this.calls.push({ path: request.url!, token: request.headers.authorization ?? '', body });
    if (this.refuse && !request.url!.endsWith('register')) return { status: this.refuse, body: {} };
    if (request.url!.endsWith('register')) return { status: 201, body: { node_id: 'node-1', key_id: 'nk-1', node_token: 'node-secret', agent_token: 'agent-secret', report_nonce: 'nonce-1', heartbeat_s: 1, report_s: 1 } };
    if (request.url!.endsWith('heartbeat')) return { status: 200, body: { server_time: '', desired: this.desired, report_nonce: 'nonce-2' } };
    this.reports.push(...body.reports);
    return { status: 200, body: { results: body.reports.map(({ report }: ReportWithOpenings) => ({ sequence: report.sequence, status: 'accepted', code: null })) } };
  }
}

let gateway: FakeGateway;
let options: AgentOptions;
let agent: Agent;
let base: string;

async function boot(): Promise<void> {
  agent = new Agent(options);
  base = `http://127.0.0.1:${await agent.start()}`;
  await expect.poll(() => gateway.of('heartbeat').some(({ body }) => body.boot_id === agent.bootId), { timeout: 3_000 }).toBe(true);
}

async function call(method: string, path: string, body?: unknown, token = 'agent-secret') {
  const answer = await fetch(`${base}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: /json/.test(answer.headers.get('content-type') ?? '') && text ? JSON.parse(text) : undefined };
}

beforeEach(async () => {
  gateway = new FakeGateway();
  const { inventory, speedE3 } = simulatedInventory('fr-paris-1', SCALE);
  options = {
    mode: 'test', dataDir: mkdtempSync(join(tmpdir(), 'agent-')), gatewayUrl: await gateway.listen(), enrolmentToken: 'enrol-me', address: 'http://127.0.0.1:1', host: '127.0.0.1', port: 0, reportS: 1,
    makeMachine: (onChange) => new SimulatedMachine({ inventory, speedE3, slug: 'fr-paris-1', reportS: 1, onChange }), log: silentLogger,
  };
  await boot();
});
afterEach(async () => {
  await agent.close();
  gateway.server.close();
});

describe('joining', () => {
  test('W-13: registers with a proof by the key it shows, then beats with the node token', () => {
    const [{ body, token }] = gateway.of('register') as unknown as [{ body: any; token: string }];
    expect(token).toBe('Bearer enrol-me');
    expect(body).toMatchObject({ enrolment_token: 'enrol-me', hardware: 'simulated', time_scale: SCALE, power_model: { host_idle_w: 500, gpu_max_w: 700 } });
    expect(body.gpus).toHaveLength(8);
    expect(PublicKey.fromJwk(body.public_key as PublicJwk).verify(registrationText('enrol-me'), Buffer.from(body.proof, 'base64url'))).toBe(true);
    expect(gateway.of('heartbeat')[0]).toMatchObject({ token: 'Bearer node-secret', body: { sequence: 1, availability: 'available', meter: 'ok', gpus_free: 8, jobs: [] } });
  });

  test('a restarted agent keeps its key and tokens and has another boot id', async () => {
    const before = agent.bootId;
    await agent.close();
    await boot();
    expect(agent.bootId).not.toBe(before);
    expect(gateway.of('register')).toHaveLength(1);
  });

  test('an agent that comes back under another address tells it, under the same key', async () => {
    await agent.close();
    options = { ...options, address: 'http://127.0.0.1:2' };
    await boot();
    expect(gateway.of('register').map(({ body }) => body.address)).toEqual(['http://127.0.0.1:1', 'http://127.0.0.1:2']);
    expect(new Set(gateway.of('register').map(({ body }) => body.public_key.x)).size).toBe(1);
  });

  test('a gateway that does not know the token any more gets the same key again', async () => {
    gateway.refuse = 401;
    await expect.poll(() => gateway.of('register').length, { timeout: 5_000 }).toBeGreaterThan(1);
    expect(new Set(gateway.of('register').map(({ body }) => body.public_key.x)).size).toBe(1);
  });
});

describe('jobs (W-16, W-17)', () => {
  const path = `/agent/v1/jobs/${WORKLOAD}.1`;

  test('the same body again is the same answer; another body or a lower fence is refused', async () => {
    expect(await call('PUT', path, job())).toMatchObject({ status: 201, body: { state: 'starting', fence: 1 } });
    expect(await call('PUT', path, job())).toMatchObject({ status: 200, body: { fence: 1 } });
    expect(await call('PUT', path, job({ units_total: 1 }))).toMatchObject({ status: 409, body: { code: 'job_conflict' } });
    expect(await call('PUT', `/agent/v1/jobs/${WORKLOAD}.3`, job({ fence: 3, segment: 3 }))).toMatchObject({ status: 201 });
    expect(await call('PUT', `/agent/v1/jobs/${WORKLOAD}.2`, job({ fence: 2, segment: 2 }))).toMatchObject({ status: 409, body: { code: 'fence_too_old' } });
  });

  test('nine GPUs of eight, and memory that no card has, are no capacity', async () => {
    expect(await call('PUT', path, job({ gpu_count: 8 }))).toMatchObject({ status: 201 });
    const other = '01a1a0d9-a2e0-7000-8000-000000000002';
    expect(await call('PUT', `/agent/v1/jobs/${other}.1`, job({ workload_id: other }))).toMatchObject({ status: 409, body: { code: 'no_capacity' } });
    expect(await call('DELETE', `${path}?fence=1`)).toMatchObject({ status: 202, body: { state: 'stopped' } });
    expect(await call('PUT', `/agent/v1/jobs/${other}.1`, job({ workload_id: other, gpu_memory_gb: 81 }))).toMatchObject({ status: 409, body: { code: 'no_capacity' } });
    expect(await call('PUT', `/agent/v1/jobs/${other}.1`, job({ workload_id: other }))).toMatchObject({ status: 201 });
  });

  test('progress grows, a checkpoint appears, a pause ends the job as stopped, repeats are repeats', async () => {
    await call('PUT', path, job());
    await expect.poll(async () => (await call('GET', path)).body.units_done, { timeout: 4_000 }).toBeGreaterThan(0);
    expect(await call('POST', `${path}/checkpoint`, { fence: 1, reason: 'test' })).toMatchObject({ status: 202 });
    await expect.poll(async () => (await call('GET', path)).body.last_checkpoint?.units_done, { timeout: 4_000 }).toBeGreaterThan(0);
    expect((await call('POST', `${path}/pause`, { fence: 1 })).status).toBe(202);
    await expect.poll(async () => (await call('GET', path)).body.state, { timeout: 4_000 }).toBe('stopped');
    const view = (await call('GET', path)).body;
    expect(view).toMatchObject({ job_id: `${WORKLOAD}.1`, fence: 1, units_total: 6_000_000, grade: 'modelled', result: null, error: null });
    expect(view.last_checkpoint.units_done).toBe(view.units_done);
    expect((await call('POST', `${path}/pause`, { fence: 1 })).status).toBe(200);
    expect(await call('POST', `${path}/checkpoint`, { fence: 1, reason: 'late' })).toMatchObject({ status: 409, body: { code: 'not_running' } });
    expect((await call('DELETE', `${path}?fence=1`)).status).toBe(202);
  });

  test('a restarted agent gives the same answers and goes on from the checkpoint of its leaving', async () => {
    await call('PUT', path, job());
    await expect.poll(async () => (await call('GET', path)).body.units_done, { timeout: 4_000 }).toBeGreaterThan(100);
    await agent.close();
    const before = gateway.reports.length;
    await boot();
    expect((await call('PUT', path, job())).status).toBe(200);
    const view = (await call('GET', path)).body;
    expect(view.last_checkpoint.units_done).toBeGreaterThan(100);
    expect(view.units_done).toBeGreaterThanOrEqual(view.last_checkpoint.units_done);
    await expect.poll(() => gateway.reports.length, { timeout: 4_000 }).toBeGreaterThan(before);
    expect(gateway.reports.findLast(({ report }) => report.boot_id === agent.bootId && report.sequence === 1)?.report.previous_sha256).toBe(NO_PREVIOUS);
  });

  test('the demo\'s control finishes jobs; the last report comes within the second', async () => {
    await call('PUT', path, job());
    expect(await call('POST', '/agent/v1/sim/complete', { job_ids: [`${WORKLOAD}.1`, 'nobody'] })).toMatchObject({ status: 202, body: { count: 1 } });
    await expect.poll(async () => (await call('GET', path)).body.state, { timeout: 2_000 }).toBe('completed');
    expect((await call('GET', path)).body.units_done).toBe(6_000_000);
    const ended = Date.parse((await call('GET', path)).body.ended_at);
    await expect.poll(() => gateway.reports.some(({ report }) => Date.parse(report.interval_end) >= ended), { timeout: 2_000 }).toBe(true);
  });

  test.each([
    ['an unknown member', { colour: 'red' }, 400],
    ['a fence of 0', { fence: 0 }, 400],
    ['another segment than the path', { segment: 2 }, 400],
    ['NaN units', { units_total: null }, 400],
  ])('%s is refused', async (_name, over, status) => expect((await call('PUT', path, job(over))).status).toBe(status));

  test('no token, a wrong token, an unknown job, too much', async () => {
    expect((await call('GET', path, undefined, 'wrong')).status).toBe(401);
    expect((await fetch(`${base}/agent/v1/health`)).status).toBe(401);
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('PUT', path, { text: 'x'.repeat(1 << 20) })).status).toBe(413);
    expect((await call('DELETE', path)).status).toBe(400);
    expect((await call('GET', '/agent/v2/health')).status).toBe(404);
  });
});

describe('reports (W-19 to W-22)', () => {
  test('each is accepted by the checks of the server, the chain holds, and Σ is what the machine drew', async () => {
    await call('PUT', `/agent/v1/jobs/${WORKLOAD}.1`, job());
    await expect.poll(() => gateway.reports.filter(({ openings }) => openings.length > 0).length, { timeout: 6_000 }).toBeGreaterThan(1);
    const key = PublicKey.fromJwk(gateway.of('register')[0]!.body.public_key);
    const hashes = new Map<number, string>();
    for (const sent of gateway.reports) {
      const context: ReportContext = {
        nodeId: 'node-1', now: Date.now(), timeScale: SCALE, hardware: 'simulated', power: { hostMaxW: 1_200, gpuIdleW: 70, gpuMaxW: 700 },
        verify: (keyId, message, signature) => keyId === 'nk-1' && key.verify(message, Buffer.from(signature, 'base64url')),
        commitment: sha256Base64url, isNext: (_boot, sequence, hash) => hash === (hashes.get(sequence - 1) ?? NO_PREVIOUS), isNonceGiven: (nonce) => /^nonce-[12]$/.test(nonce),
        overlaps: () => false, wasJobHere: (id, fence) => id === `${WORKLOAD}.1` && fence === 1,
      };
      expect(() => checkReport(sent, context)).not.toThrow();
      hashes.set(sent.report.sequence, sha256Name(canonicalBytes(sent.report)));
    }
    const names = gateway.reports.flatMap(({ openings }) => openings.map(({ job: name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });

  test('without a gateway reports wait on disk, openings with them, and go out in order when it is back', async () => {
    gateway.refuse = 503;
    const before = gateway.reports.length;
    await expect.poll(async () => (await call('GET', '/agent/v1/energy-reports?limit=10')).body.reports.length, { timeout: 5_000 }).toBeGreaterThan(1);
    const [first] = (await call('GET', '/agent/v1/energy-reports?limit=1')).body.reports;
    expect((await call('GET', `/agent/v1/energy-reports?after_sequence=${first.report.sequence}`)).body.reports[0].report.sequence).toBe(first.report.sequence + 1);
    gateway.refuse = undefined;
    await expect.poll(() => gateway.reports.length, { timeout: 6_000 }).toBeGreaterThan(before + 1);
    const sequences = gateway.reports.map(({ report }) => report.sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });

  test('O-49: a meter without readings makes the node not ready, and nothing is reported', async () => {
    await call('POST', '/agent/v1/sim/faults', { meter: 'off' });
    expect((await fetch(`${base}/readyz`)).status).toBe(503);
    expect((await call('GET', '/agent/v1/health')).body.meter).toBe('no_reading');
    await call('POST', '/agent/v1/sim/faults', {});
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  });
});

describe('availability and faults (W-29)', () => {
  test('a node whose owner plays, or that drains, takes no new job', async () => {
    await call('POST', '/agent/v1/sim/faults', { availability: 'owner_in_use' });
    expect(await call('PUT', `/agent/v1/jobs/${WORKLOAD}.1`, job())).toMatchObject({ status: 503, body: { code: 'owner_in_use' } });
    await expect.poll(() => gateway.of('heartbeat').at(-1)?.body.availability, { timeout: 2_000 }).toBe('owner_in_use');
    await call('POST', '/agent/v1/sim/faults', {});
    gateway.desired = 'drain';
    await expect.poll(async () => (await call('GET', '/agent/v1/health')).body.availability, { timeout: 3_000 }).toBe('draining');
    expect(await call('PUT', `/agent/v1/jobs/${WORKLOAD}.1`, job())).toMatchObject({ status: 503, body: { code: 'draining' } });
  });

  test.each([
    ['html', { job_answer: 'html' }, 'text/html'],
    ['2 MiB of text', { answer_bytes: 2 << 20 }, 'application/json'],
  ])('job answers as %s', async (_name, faults, type) => {
    await call('PUT', `/agent/v1/jobs/${WORKLOAD}.1`, job());
    await call('POST', '/agent/v1/sim/faults', faults);
    const answer = await call('GET', `/agent/v1/jobs/${WORKLOAD}.1`);
    expect(answer.headers.get('content-type')).toContain(type);
  });

  test('outside test mode there are no faults; in production no control of simulations either', async () => {
    await agent.close();
    options = { ...options, mode: 'production' };
    await boot();
    expect((await call('POST', '/agent/v1/sim/faults', {})).status).toBe(404);
    expect((await call('POST', '/agent/v1/sim/complete', { job_ids: [] })).status).toBe(404);
  });
});

describe('inference (W-29)', () => {
  const chat = { model: 'sim-8b', messages: [{ role: 'user', content: 'What is a joule?' }] };

  test('text is fixed by model and prompt, says that it is simulated, and has its energy in the usage', async () => {
    const [first, second] = await Promise.all([call('POST', '/v1/chat/completions', { ...chat, max_tokens: 4 }), call('POST', '/v1/chat/completions', { ...chat, max_tokens: 4 })]);
    expect(first.body.choices[0].message.content).toMatch(/^\[simulated\]( \w+){3}$/);
    expect(second.body.choices).toEqual(first.body.choices);
    expect(first.body).toMatchObject({ object: 'chat.completion', choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 4, prompt_tokens: 4, grade: 'modelled' } });
    expect(BigInt(first.body.usage.energy_mj)).toBeGreaterThan(0n);
  });

  test('a stream has a role first, one piece a frame, usage last and [DONE] at the end', async () => {
    const { text } = await call('POST', '/v1/chat/completions', { ...chat, stream: true, max_tokens: 3 });
    const frames = text.split('\n\n').filter(Boolean).map((line) => line.replace('data: ', ''));
    expect(frames.pop()).toBe('[DONE]');
    const values = frames.map((frame) => JSON.parse(frame));
    expect(values[0].choices[0].delta).toEqual({ role: 'assistant', content: '[simulated]' });
    expect(values.slice(0, 3).map((value) => value.choices[0].delta.content).join('')).toMatch(/^\[simulated\]( \w+){2}$/);
    expect(values.at(-2).choices[0].finish_reason).toBe('length');
    expect(values.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  });

  test('completions, embeddings, responses and the list of models', async () => {
    expect((await call('GET', '/v1/models')).body.data.map(({ id }: { id: string }) => id)).toEqual(['sim-embed', 'sim-8b', 'sim-70b']);
    expect((await call('POST', '/v1/completions', { model: 'sim-8b', prompt: 'a', max_tokens: 2 })).body).toMatchObject({ object: 'text_completion', choices: [{ text: expect.stringMatching(/^\[simulated\] /) }] });
    const { data } = (await call('POST', '/v1/embeddings', { model: 'sim-embed', input: ['a', 'b', 'a'] })).body;
    expect(data[0].embedding).toEqual(data[2].embedding);
    expect(data[0].embedding).not.toEqual(data[1].embedding);
    expect(Math.hypot(...data[0].embedding)).toBeCloseTo(1, 6);
    const events = (await call('POST', '/v1/responses', { model: 'sim-70b', input: 'hello', stream: true, max_output_tokens: 2 })).text;
    expect(events.match(/^event: .+$/gm)).toEqual(['response.created', 'response.output_text.delta', 'response.output_text.delta', 'response.output_text.done', 'response.completed'].map((name) => `event: ${name}`));
  });

  test.each([
    ['an unknown model', { ...chat, model: 'gpt-9' }, 404, 'model_not_found'],
    ['no model', { messages: [] }, 400, 'invalid_request'],
  ])('%s has OpenAI\'s error body', async (_name, body, status, code) => {
    expect(await call('POST', '/v1/chat/completions', body)).toMatchObject({ status, body: { error: { type: 'invalid_request_error', param: null, code } } });
  });

  test.each([
    ['no_usage', (text: string) => !text.includes('"usage":{')],
    ['usage_tenfold', (text: string) => text.includes('"completion_tokens":30')],
    ['usage_zero', (text: string) => text.includes('"completion_tokens":0')],
    ['other_model', (text: string) => text.includes('another-model')],
    ['broken_sse', (text: string) => text.includes('data: {"id": \n\n')],
    ['html', (text: string) => text.startsWith('<html>')],
  ] as const)('F13: %s', async (mode, holds) => {
    await call('POST', '/agent/v1/sim/faults', { inference: { mode } });
    expect(holds((await call('POST', '/v1/chat/completions', { ...chat, stream: true, max_tokens: 3 })).text)).toBe(true);
  });

  test('F13: a stream that is cut ends without [DONE]', async () => {
    await call('POST', '/agent/v1/sim/faults', { inference: { mode: 'cut', after_bytes: 400 } });
    await expect(call('POST', '/v1/chat/completions', { ...chat, stream: true })).rejects.toThrow();
  });
});

test('metrics are Prometheus text with power, jobs, spool and memory', async () => {
  await call('PUT', `/agent/v1/jobs/${WORKLOAD}.1`, job());
  await expect.poll(async () => (await call('GET', '/agent/v1/metrics')).text).toMatch(/^wattbook_node_jobs\{state="running"\} 1$/m);
  const { text } = await call('GET', '/metrics');
  expect(Number(/^wattbook_node_power_watts (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(1_060);
  expect(text.split('\n').filter((line) => line && !line.startsWith('#')).every((line) => /^[a-z_]+(\{[a-z_]+="[\w]+"\})? [\d.]+$/.test(line))).toBe(true);
});
