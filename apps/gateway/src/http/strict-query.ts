import { Problem, type FieldError } from '#platform/errors/problem';
import { escapePointer, isForbiddenKey } from './strict-json.ts';

/**
 * Express's query parser: one text per name (P-4). A repeated name, an array in brackets, a NUL and text that is not UTF-8 are
 * refused here; a name that the route does not know is refused by its schema, or by the body interceptor where it has none.
 */
export function parseStrictQuery(text: string | undefined): Record<string, string> {
  const values: Record<string, string> = {};
  const faults: FieldError[] = [];
  if (text && !isWellFormed(text)) faults.push({ pointer: '', code: 'not-decodable', detail: 'The query is not percent-encoded UTF-8.' });
  for (const [key, value] of new URLSearchParams(text ?? '')) {
    const pointer = escapePointer(key);
    if (isForbiddenKey(key)) faults.push({ pointer, code: 'forbidden-member', detail: `A parameter must not be named ${key}.` });
    else if (/\[.*\]/.test(key)) faults.push({ pointer, code: 'wrong-type', detail: 'A parameter takes one value, never a list or an object.' });
    else if (Object.hasOwn(values, key)) faults.push({ pointer, code: 'doubled-member', detail: 'The parameter stands twice; send it once.' });
    else if (/\0/.test(key + value)) faults.push({ pointer, code: 'wrong-value', detail: 'The parameter holds a NUL character.' });
    else values[key] = value;
  }
  if (faults.length > 0) throw invalidRequest(faults);
  return values;
}

export const invalidRequest = (errors: readonly FieldError[]): Problem =>
  new Problem('invalid-request', `${errors.length === 1 ? 'One thing' : `${errors.length} things`} in the request must be corrected; errors[] names each. Nothing was changed.`, { errors });

function isWellFormed(text: string): boolean {
  try {
    decodeURIComponent(text.replaceAll('+', ' '));
    return true;
  } catch {
    return false;
  }
}
