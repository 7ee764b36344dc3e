import type { FieldError } from '#platform/errors/problem';

/** Keys that reach a prototype when an object is copied carelessly (P-4). */
export const isForbiddenKey = (key: string): boolean => key === '__proto__' || key === 'constructor' || key === 'prototype';

export const escapePointer = (part: string | number): string => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`;

export type StrictJson = { readonly value: unknown; readonly faults?: undefined } | { readonly value?: undefined; readonly faults: readonly FieldError[] };

const DEEPEST = 64;
const MOST_FAULTS = 100;
// Strings, numbers and structure of a text that JSON.parse has accepted already; what lies between is white space, colons and words.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\],]/g;

/**
 * JSON as RFC 8259 with what two readers could take differently refused, all faults at once: a doubled member, a number that
 * no double can hold, a key that names a prototype, anything but one object.
 */
export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { faults: [fault('', 'not-json', 'The body is not JSON text as in RFC 8259, without byte order mark and without text after it.')] };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { faults: [fault('', 'not-an-object', 'The body must be one JSON object.')] };
  if (isPlain(text, value)) return { value };
  const faults = structuralFaults(text);
  return faults.length > 0 ? { faults } : { value };
}

/**
 * Whether the text is so simple that counting shows it to be without fault: as many members in the text as in the value, so none
 * stands twice. Bodies of megabytes (a node's reports) are read at a third of the cost; anything unusual is looked at token by token.
 */
function isPlain(text: string, value: object): boolean {
  if (text.includes('\\') || text.includes('__proto__') || text.includes('constructor') || text.includes('prototype')) return false;
  return memberCount(value, 1) === colonsBehindStrings(text);
}

/** NaN, which equals no count, where the value is nested too deeply or a number is beyond a double. */
function memberCount(value: unknown, depth: number): number {
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : Number.NaN;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > DEEPEST) return Number.NaN;
  const held = Array.isArray(value) ? (value as unknown[]) : Object.values(value);
  let count = Array.isArray(value) ? 0 : held.length;
  for (const one of held) if (typeof one !== 'string') count += memberCount(one, depth + 1);
  return count;
}

const [QUOTE, SPACE] = [0x22, 0x20];

/** At least the number of members: a string that begins with a colon counts too. White space is whatever sorts up to a space. */
function colonsBehindStrings(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) <= SPACE) before -= 1;
    if (text.charCodeAt(before) === QUOTE) count += 1;
  }
  return count;
}

interface Frame {
  /** Names seen so far; absent in a list. */
  readonly keys: Set<string> | undefined;
  at: string | number;
  expectsKey: boolean;
}

function structuralFaults(text: string): FieldError[] {
  const faults: FieldError[] = [];
  const frames: Frame[] = [];
  const pointer = () => frames.map(({ at }) => escapePointer(at)).join('');
  for (const [token] of text.matchAll(TOKEN)) {
    const frame = frames.at(-1);
    if (faults.length >= MOST_FAULTS) break;
    if (token === '{' || token === '[') {
      if (frames.length === DEEPEST) return [...faults, fault('', 'too-deep', `The body is nested deeper than ${DEEPEST} levels.`)];
      frames.push({ keys: token === '{' ? new Set() : undefined, at: token === '{' ? '' : 0, expectsKey: token === '{' });
    } else if (token === '}' || token === ']') frames.pop();
    else if (token === ',' && frame) step(frame);
    else if (token.startsWith('"') && frame?.expectsKey) {
      const key = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
      frame.at = key;
      frame.expectsKey = false;
      if (isForbiddenKey(key)) faults.push(fault(pointer(), 'forbidden-member', `A member must not be named ${key}.`));
      else if (frame.keys?.has(key)) faults.push(fault(pointer(), 'doubled-member', 'The member stands twice in its object; send it once.'));
      frame.keys?.add(key);
    } else if (!token.startsWith('"') && !Number.isFinite(Number(token))) faults.push(fault(pointer(), 'number-too-large', 'The number is beyond what a double can hold.'));
  }
  return faults;
}

function step(frame: Frame): void {
  if (typeof frame.at === 'number') frame.at += 1;
  else frame.expectsKey = true;
}

const fault = (pointer: string, code: string, detail: string): FieldError => ({ pointer, code, detail });
