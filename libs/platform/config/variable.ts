import type { Form } from './form.ts';
import { Secret } from './secret.ts';
import { secretText } from './forms.ts';

/** Reads the effective text (set or default) of another variable, for defaults that depend on it. */
export type Known = (name: string) => string | undefined;

export interface Variable<T> {
  readonly name: string;
  readonly form: Form<T>;
  readonly says: string;
  readonly secret: boolean;
  /** Text, or a rule over other variables; `undefined` leaves it unset. */
  readonly fallback: string | ((known: Known) => string | undefined) | undefined;
  /** How the documentation words a fallback that is a rule. */
  readonly fallbackSays: string | undefined;
  /** Production starts only with a value of one's own (O-31). */
  readonly production: 'required' | undefined;
}

interface More {
  readonly fallbackSays?: string;
  readonly production?: 'required';
}

const make = <T>(name: string, form: Form<T>, says: string, rest: Partial<Variable<T>>): Variable<T> => ({
  secret: false, fallback: undefined, fallbackSays: undefined, production: undefined, ...rest, name, form, says,
});

export const withDefault = <T>(name: string, form: Form<T>, fallback: Variable<T>['fallback'], says: string, more: More = {}): Variable<T> =>
  make(name, form, says, { fallback, ...more });

export const optional = <T>(name: string, form: Form<T>, says: string, more: More = {}): Variable<T | undefined> =>
  make<T | undefined>(name, form, says, more);

/** A secret: has a `_FILE` form, is held as `Secret`, is never printed. */
export function secret(name: string, says: string, more: More & { form?: Form<string> } = {}): Variable<Secret | undefined> {
  const { form = secretText('a secret text', '<secret>'), ...rest } = more;
  const held: Form<Secret> = { text: form.text, example: form.example, schema: form.schema.transform((value) => new Secret(value)) };
  return make<Secret | undefined>(name, held, says, { secret: true, ...rest });
}

export const isProduction = (known: Known): boolean => known('WATTBOOK_MODE') === 'production';
