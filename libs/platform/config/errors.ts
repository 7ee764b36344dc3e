import type { Variable } from './variable.ts';

export interface ConfigError {
  readonly name: string;
  readonly kind: 'invalid' | 'unknown' | 'unreadable' | 'unset';
  /** Stands after the name: "is not a whole number". Never quotes a value. */
  readonly reason: string;
  readonly form: string | undefined;
  readonly example: string | undefined;
}

export const acceptedForm = ({ form }: Variable<unknown>): Pick<ConfigError, 'form' | 'example'> => ({ form: form.text, example: form.example });

export const unset = (variable: Variable<unknown>): ConfigError =>
  ({ name: variable.name, kind: 'unset', reason: 'is not set, and this process needs it', ...acceptedForm(variable) });

/** One line per error: name, reason, accepted form, example. */
export const errorLine = ({ name, reason, form, example }: ConfigError): string =>
  `${name}${reason.startsWith('_') ? '' : ' '}${reason}${form ? `; accepted: ${form}; example: ${example}` : ''}`;

const EXIT_CONFIGURATION = 2;
const EXIT_SECRET_UNREADABLE = 31;

/** O-26, O-30: 31 when unreadable secrets are all that is wrong, else 2. */
export const exitCodeOf = (errors: readonly ConfigError[]): number =>
  errors.length > 0 && errors.every(({ kind }) => kind === 'unreadable') ? EXIT_SECRET_UNREADABLE : EXIT_CONFIGURATION;
