import { randomUUID } from 'node:crypto';

/** OpenAI's bodies, as much of them as a simulated model fills (W-16, last row). Energy and its grade stand in `usage`. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly energyMj: bigint | 'NaN';
}

export interface Generated {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export const begin = (model: string): Generated => ({ id: randomUUID(), created: Math.floor(Date.now() / 1_000), model });

const energyOf = ({ energyMj }: Usage) => ({ energy_mj: String(energyMj), grade: 'modelled' });
export const usageOf = (usage: Usage) => ({ prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: usage.input + usage.output, ...energyOf(usage) });
const responsesUsage = (usage: Usage) => ({
  input_tokens: usage.input, input_tokens_details: { cached_tokens: 0 }, output_tokens: usage.output, output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: usage.input + usage.output, ...energyOf(usage),
});

export type TextKind = 'chat' | 'text';

export function completion(kind: TextKind, { id, created, model }: Generated, text: string, finish: string, usage: Usage) {
  const choice = { index: 0, ...(kind === 'chat' ? { message: { role: 'assistant', content: text } } : { text }), logprobs: null, finish_reason: finish };
  return { id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${id}`, object: kind === 'chat' ? 'chat.completion' : 'text_completion', created, model, choices: [choice], usage: usageOf(usage) };
}

export function chunk(kind: TextKind, { id, created, model }: Generated, delta: { readonly text: string | null; readonly first: boolean; readonly finish: string | null } | null, usage?: Usage) {
  const head = { id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${id}`, object: kind === 'chat' ? 'chat.completion.chunk' : 'text_completion', created, model };
  if (!delta) return { ...head, choices: [], usage: usage && usageOf(usage) };
  const content = { ...(delta.first && { role: 'assistant' }), ...(delta.text !== null && { content: delta.text }) };
  return { ...head, choices: [{ index: 0, ...(kind === 'chat' ? { delta: content } : { text: delta.text ?? '' }), finish_reason: delta.finish }] };
}

export function response({ id, created, model }: Generated, text: string, usage: Usage | null) {
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', status: usage ? 'completed' : 'in_progress', content: [{ type: 'output_text', text, annotations: [] }] };
  return {
    id: `resp_${id}`, object: 'response', created_at: created, status: usage ? 'completed' : 'in_progress', model, output: usage ? [message] : [], error: null,
    incomplete_details: null, instructions: null, metadata: {}, parallel_tool_calls: true, temperature: 1, tool_choice: 'auto', tools: [], top_p: 1, store: false, usage: usage && responsesUsage(usage),
  };
}

export function embeddings(model: string, vectors: readonly (readonly number[])[], base64: boolean, usage: Usage) {
  const coded = (values: readonly number[]) => (base64 ? Buffer.from(new Float32Array(values).buffer).toString('base64') : values);
  return { object: 'list', model, data: vectors.map((values, index) => ({ object: 'embedding', index, embedding: coded(values) })), usage: usageOf({ ...usage, output: 0 }) };
}
