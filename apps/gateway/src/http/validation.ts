import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import type { FieldError } from '#platform/errors/problem';
import { escapePointer } from './strict-json.ts';
import { invalidRequest } from './strict-query.ts';

/** Bodies and queries have refused names of prototypes when they were read (P-4), so Nest's own walk through them, which deletes such members, is left out. */
export class SchemaPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: invalidBySchema });
  }

  protected override stripProtoKeys(): void {}

  protected override validate<T = unknown>(value: unknown, schema: z.ZodType, options?: Record<string, unknown>) {
    return QUICK_CHECKS.get(schema)?.(value) ? { value: value as T } : super.validate<T>(value, schema, options);
  }
}

const QUICK_CHECKS = new WeakMap<object, (value: unknown) => boolean>();

/**
 * For bodies of megabytes: what `check` says is good is taken as it came; for anything else the schema is asked, which alone says what is
 * wrong. So the check must take nothing that the schema refuses, and what it refuses needlessly costs time only.
 */
export function quickly<S extends z.ZodType>(schema: S, check: (value: unknown) => boolean): S {
  QUICK_CHECKS.set(schema, check);
  return schema;
}

type Issue = z.core.$ZodIssue;

/** Everything that a schema found, each with the pointer of the member itself, also when that is missing or unknown (C-6). */
export const invalidBySchema = (issues: readonly object[]) => invalidRequest((issues as readonly Issue[]).flatMap((issue) => faultsOf(issue, '')));

function faultsOf(issue: Issue, base: string): FieldError[] {
  const pointer = base + issue.path.map((part) => escapePointer(String(part))).join('');
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ pointer: pointer + escapePointer(key), code: 'unknown-member', detail: 'There is no member of this name here.' }));
  if (issue.code === 'invalid_union') {
    const branch = nearest(issue.errors);
    if (branch) return branch.flatMap((inner) => faultsOf(inner, pointer));
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return [{ pointer, code: 'missing-member', detail: `The member is needed; give ${article(issue.expected)}.` }];
  return [{ pointer, code: issue.code.replaceAll('_', '-'), detail: issue.message }];
}

/** Of several forms, the one that was meant: the form that failed inside the value, not for being another type altogether. */
function nearest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const inside = branches.filter((issues) => issues.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'));
  return inside.sort((a, b) => a.length - b.length)[0];
}

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
