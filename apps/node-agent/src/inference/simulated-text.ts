import { createHash } from 'node:crypto';

const WORDS = (
  'the grid hour sun wind watt joule node job night noon river turbine panel load price carbon light heat core cloud rain clear calm storm north south ' +
  'east west low high slow fast warm cool green bright quiet steady early late here there then now more less each one two three four and or but with from to in on at by'
).split(' ');


/** W-29: a token sequence fixed by model and prompt; it says of itself that it is simulated. */
export function simulatedTokens(model: string, prompt: string, limit: number | undefined): { readonly pieces: readonly string[]; readonly finish: 'stop' | 'length' } {
  const digest = createHash('sha256').update(`${model}\n${prompt}`).digest();
  const own = 24 + (digest[0]! % 40);
  const count = Math.min(limit ?? own, own);
  const word = (i: number) => WORDS[(digest[i % 32]! * (1 + (i >> 5)) + digest[(i * 7) % 32]! + i) % WORDS.length]!;
  const pieces = Array.from({ length: count }, (_, i) => (i === 0 ? '[simulated]' : ` ${word(i)}`));
  return { pieces, finish: count < own ? 'length' : 'stop' };
}

/** Unit-length, 64 numbers, fixed by model and text. */
export function simulatedEmbedding(model: string, text: string): number[] {
  const digest = createHash('sha512').update(`${model}\n${text}`).digest();
  const raw = Array.from(digest, (byte) => (byte - 127.5) / 127.5);
  const length = Math.hypot(...raw);
  return raw.map((value) => Number((value / length).toFixed(8)));
}

/** Four bytes a token: what our simulated tokenizer counts in prompts. */
export const promptTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);
