import { z } from 'zod';

const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);
const Message = z.looseObject({ role: z.string().optional(), content: Content.nullish() });
const Count = z.int().min(1).max(1_000_000).nullish();

/** OpenAI's request bodies, loosely: what a simulated model does not use it does not judge (the gateway does, P-89). */
export const InferenceBody = z.looseObject({
  model: z.string().min(1).max(200),
  stream: z.boolean().nullish(),
  messages: z.array(Message).max(10_000).optional(),
  prompt: z.union([z.string(), z.array(z.string())]).optional(),
  input: z.union([z.string(), z.array(z.union([z.string(), Message]))]).optional(),
  max_tokens: Count, max_completion_tokens: Count, max_output_tokens: Count,
  encoding_format: z.enum(['float', 'base64']).nullish(),
});
export type InferenceBody = z.output<typeof InferenceBody>;

type Item = z.output<typeof Message>;
const textOf = ({ content }: Item): string => (typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join(''));

/** Everything the model reads, one line a message or input. */
export const promptOf = ({ messages, prompt, input }: InferenceBody): string =>
  messages ? messages.map(textOf).join('\n') : inputsOf(prompt ?? input).join('\n');

export const inputsOf = (input: InferenceBody['input'] | string[]): string[] =>
  typeof input === 'string' ? [input] : (input ?? []).map((item) => (typeof item === 'string' ? item : textOf(item)));

export const limitOf = ({ max_tokens, max_completion_tokens, max_output_tokens }: InferenceBody): number | undefined => max_tokens ?? max_completion_tokens ?? max_output_tokens ?? undefined;
