import { form, Wrong, type Form } from './form.ts';
import { parseKeyRing } from './key-ring.ts';

export function integer(min: number, max: number, example: string): Form<number> {
  return form(`a whole number from ${min} to ${max}`, example, (text) => {
    if (!/^-?\d{1,15}$/.test(text)) return new Wrong('is not a whole number');
    const value = Number(text);
    if (value < min) return new Wrong(`is less than ${min}`);
    return value > max ? new Wrong(`is more than ${max}`) : value;
  });
}

export function ratio(example: string): Form<number> {
  return form('a decimal from 0 to 1', example, (text) => {
    if (!/^\d(\.\d{1,9})?$/.test(text)) return new Wrong('is not a decimal number');
    return Number(text) > 1 ? new Wrong('is more than 1') : Number(text);
  });
}

export const port = (example: string): Form<number> => integer(1, 65_535, example);
export const seconds = (min: number, max: number, example: string): Form<number> => integer(min, max, example);

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T): Form<T[number]> {
  return form(values.join(', ').replace(/, ([^,]*)$/, ' or $1'), values[0], (text) =>
    (values as readonly string[]).includes(text) ? (text as T[number]) : new Wrong('is none of the known words'));
}

/** On and off, in the spellings that people and Compose files use. */
export const flag: Form<boolean> = form('on or off (also 1, 0, true, false)', 'on', (text) => {
  if (/^(on|1|true)$/i.test(text)) return true;
  return /^(off|0|false)$/i.test(text) ? false : new Wrong('is neither on nor off');
});

export const word = (text: string, example: string, pattern: RegExp): Form<string> =>
  form(text, example, (value) => (pattern.test(value) ? value : new Wrong('is not in that form')));

export const text = (what: string, example: string): Form<string> =>
  form(what, example, (value) => (/\S/.test(value) && !/[\r\n\0]/.test(value) ? value : new Wrong('is empty or has control characters')));

/** A secret may span lines (PEM), so only emptiness is refused here. */
export const secretText = (what: string, example: string): Form<string> =>
  form(what, example, (value) => (value.trim() === '' ? new Wrong('is empty') : value));

export function url(schemes: readonly string[], example: string): Form<string> {
  return form(`an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, example, (value) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (!parsed) return new Wrong('is not an address');
    return schemes.includes(parsed.protocol.slice(0, -1)) ? value : new Wrong('has another scheme');
  });
}

export const hostPort = (example: string): Form<string> =>
  form('host:port', example, (value) => {
    const at = /^(\[[0-9a-fA-F:]+\]|[^\s:/]+):(\d{1,5})$/.exec(value);
    return at && Number(at[2]) >= 1 && Number(at[2]) <= 65_535 ? value : new Wrong('is not host:port');
  });

export const cidr: Form<string> = form('an address range as in RFC 4632 or 4291', '127.0.0.0/8', (value) => {
  const [address = '', bits = '', ...rest] = value.split('/');
  const isV4 = /^(\d{1,3}\.){3}\d{1,3}$/.test(address) && address.split('.').every((part) => Number(part) <= 255);
  const isV6 = address.includes(':') && URL.canParse(`http://[${address}]/`);
  if (rest.length > 0 || !(isV4 || isV6)) return new Wrong('is not an address range');
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (isV4 ? 32 : 128) ? value : new Wrong('has no prefix length that fits');
});

export const instant: Form<Date> = form('a time as in RFC 3339', '2021-03-01T00:00:00Z', (value) => {
  const shaped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value);
  return shaped && !Number.isNaN(Date.parse(value)) ? new Date(value) : new Wrong('is not a time');
});

export const keyRing: Form<string> = form(
  'a key ring as JSON: the active id and 32-byte keys in base64', '{"active":"k1","keys":{"k1":"<base64 of 32 bytes>"}}',
  (value) => {
    const ring = parseKeyRing(value);
    return ring instanceof Wrong ? ring : value;
  },
);
