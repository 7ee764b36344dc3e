import { Agent, request, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { logContext } from '#platform/telemetry/context';
import { AddressRefused, type AddressGuard } from './address-guard.ts';
import { AgentHealth, AgentJob, JobAck, RefusalBody, type AgentRefusal } from './agent-answers.ts';

const TIMEOUT_MS = 5_000;
const CONNECT_MS = 2_000;
/** W-34. */
const MOST_BYTES = 1 << 20;

/** How to reach one agent: its address and the secret that it knows us by. */
export interface AgentAddress {
  readonly nodeId: string;
  readonly address: string;
  readonly agentToken: string;
}

/** `node_unreachable`: no answer came. `node_protocol_error`: what came is not what was agreed (W-34). Both are failed calls of the node. */
export class NodeCallError extends Error {
  constructor(
    readonly code: 'node_unreachable' | 'node_protocol_error',
    readonly nodeId: string,
    detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

/** An answer, or a refusal that the caller decides on. */
export type Answered<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: AgentRefusal; readonly detail: string };

/** Body of `PUT /agent/v1/jobs/{job_id}`. */
export interface JobRequest {
  readonly fence: number;
  readonly workload_id: string;
  readonly segment: number;
  readonly kind: string;
  readonly program: object | null;
  readonly gpu_count: number;
  readonly gpu_memory_gb: number;
  readonly units_total: number;
  readonly units_done: number;
  readonly restore: { readonly uri: string; readonly sha256: string; readonly size_bytes: number } | null;
  readonly checkpoint: { readonly interval_s: number; readonly upload_uri: string; readonly size_bytes?: number } | null;
  readonly limits: { readonly max_seconds: number | null; readonly max_mj: string | null };
  readonly nonce: string;
}

/** Calls agents (W-15, W-16): 5 s and 1 MiB each, no redirects, only addresses that the guard permits. */
export class AgentClient {
  private readonly dispatcher: Agent;

  constructor(private readonly guard: AddressGuard) {
    this.dispatcher = new Agent({ connect: { timeout: CONNECT_MS, lookup: guard.lookup }, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, connections: 16, pipelining: 1 });
  }

  putJob(agent: AgentAddress, jobId: string, body: JobRequest): Promise<Answered<JobAck>> {
    return this.ask(agent, 'PUT', `/agent/v1/jobs/${jobId}`, JobAck, body);
  }

  getJob(agent: AgentAddress, jobId: string): Promise<Answered<AgentJob>> {
    return this.ask(agent, 'GET', `/agent/v1/jobs/${jobId}`, AgentJob);
  }

  checkpoint(agent: AgentAddress, jobId: string, fence: number, reason: string): Promise<Answered<JobAck>> {
    return this.ask(agent, 'POST', `/agent/v1/jobs/${jobId}/checkpoint`, JobAck, { fence, reason });
  }

  pause(agent: AgentAddress, jobId: string, fence: number): Promise<Answered<JobAck>> {
    return this.ask(agent, 'POST', `/agent/v1/jobs/${jobId}/pause`, JobAck, { fence });
  }

  /** A job that the agent does not know counts as deleted (W-16). */
  async deleteJob(agent: AgentAddress, jobId: string, fence: number): Promise<Answered<{ state: string }>> {
    const answer = await this.ask(agent, 'DELETE', `/agent/v1/jobs/${jobId}?fence=${fence}`, JobAck);
    return !answer.ok && answer.code === 'not_found' ? { ok: true, value: { state: 'stopped' } } : answer;
  }

  async health(agent: AgentAddress): Promise<AgentHealth> {
    return this.must(agent, await this.ask(agent, 'GET', '/agent/v1/health', AgentHealth));
  }

  /** Demo control of simulated nodes (W-134). @returns how many of the jobs were there */
  async completeJobs(agent: AgentAddress, jobIds: readonly string[]): Promise<number> {
    const { body } = await this.call(agent, 'POST', '/agent/v1/sim/complete', { job_ids: jobIds });
    return Number((JSON.parse(body) as { count?: unknown }).count ?? 0);
  }

  close(): Promise<void> {
    return this.dispatcher.close();
  }

  private must<T>(agent: AgentAddress, answer: Answered<T>): T {
    if (answer.ok) return answer.value;
    throw new NodeCallError('node_protocol_error', agent.nodeId, `the agent refused with ${answer.code}`);
  }

  private async ask<S extends z.ZodType>(agent: AgentAddress, method: Dispatcher.HttpMethod, path: string, schema: S, body?: object): Promise<Answered<z.output<S>>> {
    const { status, body: text } = await this.call(agent, method, path, body);
    const json = readJson(text);
    if (status >= 200 && status < 300) {
      const parsed = schema.safeParse(json);
      if (parsed.success) return { ok: true, value: parsed.data };
      throw new NodeCallError('node_protocol_error', agent.nodeId, `${method} ${path}: ${parsed.error.issues.map(({ path: at, message }) => `${at.join('.')} ${message}`).join('; ').slice(0, 300)}`);
    }
    const refusal = RefusalBody.safeParse(json);
    if (refusal.success) return { ok: false, ...refusal.data };
    throw new NodeCallError('node_protocol_error', agent.nodeId, `${method} ${path} was answered with ${status}`);
  }

  private async call(agent: AgentAddress, method: Dispatcher.HttpMethod, path: string, body?: object): Promise<{ status: number; body: string }> {
    try {
      const url = new URL(path, agent.address);
      this.guard.checkUrl(url);
      const response = await request(url, {
        method, dispatcher: this.dispatcher, signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { authorization: `Bearer ${agent.agentToken}`, ...tracing(), ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }),
      });
      return await readAnswer(agent, response);
    } catch (error) {
      if (error instanceof NodeCallError) throw error;
      const why = error instanceof AddressRefused ? error.message : ((error as Error).message || (error as NodeJS.ErrnoException).code) ?? 'no answer';
      throw new NodeCallError('node_unreachable', agent.nodeId, `${method} ${path}: ${why}`);
    }
  }
}

async function readAnswer({ nodeId }: AgentAddress, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<{ status: number; body: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) {
      body.destroy();
      throw new NodeCallError('node_protocol_error', nodeId, `the answer is longer than ${MOST_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  if (!/^application\/json\b/.test(String(headers['content-type']))) throw new NodeCallError('node_protocol_error', nodeId, `the answer is ${String(headers['content-type'])}, not JSON`);
  return { status: statusCode, body: Buffer.concat(chunks).toString('utf8') };
}

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The correlation id of the first request follows the business act to the node's log (O-38). */
function tracing(): Record<string, string> {
  const { correlation_id, request_id, trace_id } = logContext();
  return {
    ...(request_id && { 'x-request-id': request_id }),
    ...(correlation_id && { 'x-correlation-id': correlation_id }),
    ...(trace_id && { traceparent: `00-${trace_id}-0000000000000001-00` }),
  };
}
