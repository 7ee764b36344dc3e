import { setTimeout as pause } from 'node:timers/promises';
import type { Faults } from '../faults.ts';
import { refuse } from '../http/protocol-error.ts';
import { readJson, route, sendJson, type Call, type Route } from '../http/server.ts';
import type { SimulatedMachine } from '../machine/simulated-machine.ts';
import { InferenceBody, inputsOf, limitOf, promptOf } from './request.ts';
import { begin, chunk, completion, embeddings, response as responseBody, type Generated, type TextKind, type Usage } from './shapes.ts';
import { promptTokens, simulatedEmbedding, simulatedTokens } from './simulated-text.ts';

const FIRST_TOKEN_MS = 50;
const TOKENS_PER_S = 80;
const SLOW_MS = 60_000;

/** W-29: first token after 50 ms, 80 tokens/s a stream, 64 streams a GPU; energy is the stream's share of its GPU. */
export function inferenceRoutes(machine: SimulatedMachine, faults: () => Faults): Route[] {
  const { models } = machine.inventory;
  const list = models.map((id) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'wattbook-simulated' }));
  const post = (path: string, answer: (call: Call, body: InferenceBody) => Promise<void>): Route =>
    route('POST', path, async (call) => {
      const parsed = InferenceBody.safeParse(await readJson(call.request));
      if (!parsed.success) throw refuse(400, 'invalid_request', parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; '));
      if (!models.includes(parsed.data.model)) throw refuse(404, 'model_not_found', `This node serves ${models.join(', ')}.`);
      await onStream(machine, () => answer(call, parsed.data));
      return undefined;
    }, { openai: true });
  const text = (kind: TextKind) => (call: Call, body: InferenceBody) => generate(new Generation(call, body, machine, faults().inference), kind);
  return [
    route('GET', '/v1/models', () => ({ status: 200, body: { object: 'list', data: list } }), { openai: true }),
    post('/v1/chat/completions', text('chat')),
    post('/v1/completions', text('text')),
    post('/v1/responses', (call, body) => respond(new Generation(call, body, machine, faults().inference))),
    post('/v1/embeddings', async ({ response }, body) => {
      const inputs = inputsOf(body.input);
      const wallMs = FIRST_TOKEN_MS;
      await pause(wallMs);
      const usage: Usage = { input: inputs.reduce((sum, one) => sum + promptTokens(one), 0), output: 0, energyMj: machine.streamEnergyMj(wallMs) };
      sendJson(response, 200, embeddings(body.model, inputs.map((one) => simulatedEmbedding(body.model, one)), body.encoding_format === 'base64', usage));
    }),
  ];
}

async function onStream(machine: SimulatedMachine, work: () => Promise<void>): Promise<void> {
  const gpu = machine.openStream();
  if (gpu === undefined) throw refuse(503, 'overloaded', 'All GPUs of this node are taken.');
  try {
    await work();
  } finally {
    machine.closeStream(gpu);
  }
}

type InferenceFault = Faults['inference'];

/** One text being made: its pieces at their pace, its end, and what it took. */
class Generation {
  readonly head: Generated;
  readonly pieces: readonly string[];
  readonly finish: string;
  private readonly began = performance.now();
  private readonly input: number;
  private sentBytes = 0;

  constructor(readonly call: Call, readonly body: InferenceBody, private readonly machine: SimulatedMachine, readonly fault: InferenceFault) {
    const prompt = promptOf(body);
    const { pieces, finish } = simulatedTokens(body.model, prompt, limitOf(body));
    this.pieces = pieces;
    this.finish = finish;
    this.input = promptTokens(prompt);
    this.head = begin(fault?.mode === 'other_model' ? 'another-model' : body.model);
  }

  usage(): Usage {
    const factor = this.fault?.mode === 'usage_tenfold' ? 10 : this.fault?.mode === 'usage_zero' ? 0 : 1;
    return { input: this.input * factor, output: this.pieces.length * factor, energyMj: this.machine.streamEnergyMj(performance.now() - this.began) };
  }

  /** Yields each piece when it is due, and stops when the reader is gone. */
  async *paced(): AsyncGenerator<{ readonly text: string; readonly first: boolean }> {
    for (const [i, text] of this.pieces.entries()) {
      await pause(i === 0 ? FIRST_TOKEN_MS : this.fault?.mode === 'slow' ? SLOW_MS : 1_000 / TOKENS_PER_S);
      if (this.call.response.destroyed) return;
      yield { text, first: i === 0 };
    }
  }

  frame(value: object, event?: string): void {
    const { response } = this.call;
    const line = `${event ? `event: ${event}\n` : ''}data: ${this.fault?.mode === 'broken_sse' ? '{"id": ' : JSON.stringify(value)}\n\n`;
    this.sentBytes += Buffer.byteLength(line);
    if (this.fault?.mode === 'cut' && this.sentBytes > this.fault.after_bytes) response.destroy();
    else response.write(line);
  }

  /** Faults that answer nothing of the kind that was asked. @returns whether one did */
  spoiled(): boolean {
    const { response } = this.call;
    if (this.fault?.mode === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>It works!</body></html>');
    else if (this.fault?.mode === 'flood') response.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(this.fault.after_bytes)}"`);
    else if (this.fault?.mode !== 'hang') return false;
    return true;
  }
}

const EVENT_STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };

async function generate(generation: Generation, kind: TextKind): Promise<void> {
  if (generation.spoiled()) return;
  const { call: { response }, head, finish, body } = generation;
  if (!body.stream) {
    for await (const _ of generation.paced());
    return sendJson(response, 200, completion(kind, head, generation.pieces.join(''), finish, generation.usage()));
  }
  response.writeHead(200, EVENT_STREAM);
  for await (const { text, first } of generation.paced()) generation.frame(chunk(kind, head, { text, first, finish: null }));
  generation.frame(chunk(kind, head, { text: null, first: false, finish }));
  if (generation.fault?.mode !== 'no_usage') generation.frame(chunk(kind, head, null, generation.usage()));
  response.end('data: [DONE]\n\n');
}

async function respond(generation: Generation): Promise<void> {
  if (generation.spoiled()) return;
  const { call: { response }, head, body, pieces } = generation;
  const text = pieces.join('');
  if (!body.stream) {
    for await (const _ of generation.paced());
    return sendJson(response, 200, responseBody(head, text, generation.usage()));
  }
  let sequence_number = 0;
  const at = { output_index: 0, item_id: `msg_${head.id}`, content_index: 0 };
  const tell = (type: string, more: object) => generation.frame({ type, sequence_number: (sequence_number += 1), ...more }, type);
  response.writeHead(200, EVENT_STREAM);
  tell('response.created', { response: responseBody(head, '', null) });
  for await (const piece of generation.paced()) tell('response.output_text.delta', { ...at, delta: piece.text });
  tell('response.output_text.done', { ...at, text });
  tell('response.completed', { response: responseBody(head, text, generation.usage()) });
  response.end();
}
