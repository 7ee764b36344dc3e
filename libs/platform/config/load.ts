import { acceptedForm, type ConfigError, unset } from './errors.ts';
import { nearest } from './nearest.ts';
import { contradictions } from './rules.ts';
import { byName, configSchema, type Config, type Field, fields, variableOf } from './schema.ts';
import { noFiles, type ReadSecretFile, secretFromFile } from './secret-file.ts';
import type { Known, Variable } from './variable.ts';

export type Env = Readonly<Record<string, string | undefined>>;
export type Origin = 'default' | 'env' | 'file' | 'unset';

export type Loaded =
  | { readonly ok: true; readonly value: Config; readonly origins: ReadonlyMap<string, Origin> }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const PLACEHOLDER = /^<.*>$/s;

/** Environment in, values or every mistake out (O-28). Pure: files are read by the function that is handed in. */
export function loadConfig(env: Env, readFile: ReadSecretFile = noFiles): Loaded {
  const errors: ConfigError[] = unknownNames(env);
  const texts = new Map<string, string>();
  const origins = new Map<string, Origin>();
  for (const variable of byName.values()) {
    const found = ownText(variable, env, readFile);
    if ('error' in found) errors.push(found.error);
    else if (found.text !== undefined) texts.set(variable.name, found.text);
    origins.set(variable.name, 'origin' in found ? found.origin : 'unset');
  }
  const known: Known = (name) => texts.get(name) ?? fallbackOf(byName.get(name), known);
  const parsed = configSchema.safeParse(Object.fromEntries([...byName.keys()].map((name) => [name, known(name)])));
  const issues = (parsed.error?.issues ?? []).map(({ path, message }) => ({ name: String(path[0]), message }));
  // A default that follows from a wrong value is wrong too; only the cause is told.
  const causes = issues.filter(({ name }) => texts.has(name));
  for (const { name, message } of causes.length > 0 ? causes : issues) errors.push(invalid(name, message));
  if (errors.length > 0 || !parsed.data) return { ok: false, errors: sorted(errors) };

  const data = parsed.data;
  const value = Object.freeze(Object.fromEntries(fields.map((field) => [field, data[variableOf(field).name]]))) as Config;
  const conflicts = contradictions(value);
  if (conflicts.length > 0) return { ok: false, errors: sorted(conflicts) };
  for (const field of fields) if (value[field] !== undefined && origins.get(variableOf(field).name) === 'unset') origins.set(variableOf(field).name, 'default');
  return { ok: true, value, origins };
}

/** Fields that a process cannot do without, as errors of the same kind. */
export const missing = (value: Config, needs: readonly Field[]): ConfigError[] =>
  sorted(needs.filter((field) => value[field] === undefined).map((field) => unset(variableOf(field))));

const sorted = (errors: readonly ConfigError[]): ConfigError[] => [...errors].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));

const fallbackOf = (variable: Variable<unknown> | undefined, known: Known): string | undefined =>
  typeof variable?.fallback === 'function' ? variable.fallback(known) : variable?.fallback;

type Found = { readonly error: ConfigError } | { readonly text: string | undefined; readonly origin: Origin };

function ownText(variable: Variable<unknown>, env: Env, readFile: ReadSecretFile): Found {
  const text = env[variable.name];
  const path = variable.secret ? env[`${variable.name}_FILE`] : undefined;
  if (text !== undefined && path !== undefined) return wrong(variable, `and ${variable.name}_FILE are both set; keep one`);
  if (path !== undefined) {
    const read = secretFromFile(path, { production: env['WATTBOOK_MODE'] === 'production' }, readFile);
    return 'reason' in read ? wrong(variable, `_FILE ${read.reason}`, read.unreadable ? 'unreadable' : 'invalid') : { text: read.text, origin: 'file' };
  }
  if (text === '') return wrong(variable, 'is empty; give a value or leave it out');
  if (text !== undefined && PLACEHOLDER.test(text)) return wrong(variable, 'is still the placeholder of the template');
  return { text, origin: text === undefined ? 'unset' : 'env' };
}

const wrong = (variable: Variable<unknown>, reason: string, kind: ConfigError['kind'] = 'invalid'): Found =>
  ({ error: { name: variable.name, kind, reason, ...acceptedForm(variable) } });

function invalid(name: string, reason: string): ConfigError {
  const variable = byName.get(name);
  if (!variable) throw new Error(`The schema speaks of ${name}, which the table does not have.`);
  return { name, kind: 'invalid', reason, ...acceptedForm(variable) };
}

/** O-29: a name of ours that nobody reads is a typing error, and the nearest name is the likely one. */
function unknownNames(env: Env): ConfigError[] {
  const names = [...byName.values()].flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
  return Object.keys(env)
    .filter((name) => name.startsWith('WATTBOOK_') && env[name] !== undefined && !names.includes(name))
    .map((name) => ({ name, kind: 'unknown', reason: `is not a variable of Wattbook; the nearest is ${nearest(name, names)}`, form: undefined, example: undefined }));
}
