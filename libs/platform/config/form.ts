import { z } from 'zod';

/** Why a text is not in its form; written to stand after "NAME: " and never with the value itself. */
export class Wrong {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** How a variable is written: the rule in words, one example, and the parser. */
export interface Form<T> {
  readonly text: string;
  readonly example: string;
  readonly schema: z.ZodType<T, string>;
}

export function form<T>(text: string, example: string, parse: (value: string) => T | Wrong): Form<T> {
  const schema = z.string().transform((value, context): T => {
    const parsed = parse(value);
    if (!(parsed instanceof Wrong)) return parsed;
    context.addIssue({ code: 'custom', message: parsed.reason });
    return z.NEVER;
  });
  return { text, example, schema };
}

/** Comma-separated; every part must have the given form. */
export function listOf<T>(one: Form<T>, { min = 1, max = 100, example = one.example } = {}): Form<readonly T[]> {
  const text = `${min === max ? `${min}` : `${min} to ${max}`} of: ${one.text}; separated by commas`;
  return form(text, example, (value) => {
    const parts = value.split(',').map((part) => part.trim());
    if (parts.length < min || parts.length > max) return new Wrong(`has ${parts.length} parts`);
    const results = parts.map((part) => one.schema.safeParse(part));
    const bad = results.findIndex(({ success }) => !success);
    if (bad >= 0) return new Wrong(`part ${bad + 1} ${results[bad]?.error?.issues[0]?.message ?? 'is not in the form'}`);
    return results.map(({ data }) => data as T);
  });
}
