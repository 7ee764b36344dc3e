import { errorLine, exitCodeOf } from './errors.ts';
import { type Env, loadConfig, type Loaded, missing } from './load.ts';
import { productionRefusals } from './production.ts';
import type { Config, Field } from './schema.ts';
import { fromDisk } from './secret-file.ts';

interface Wanted<Needs extends Field, Uses extends Field> {
  /** Without these the process cannot work. */
  readonly needs: readonly Needs[];
  readonly uses?: readonly Uses[];
  /** A node agent is not refused for the gateway's missing Stripe key. */
  readonly refuse?: (config: Config) => readonly string[];
}

type Subset<Needs extends Field, Uses extends Field> = { readonly [K in Needs]: NonNullable<Config[K]> } & Pick<Config, Uses | 'mode'>;

/**
 * The one place where a process reads its environment (O-27): the declared subset, or every mistake on stderr
 * and exit 2 (31: only unreadable secrets) before any connection is opened.
 */
export function config<Needs extends Field, Uses extends Field = never>(
  { needs, uses = [], refuse = productionRefusals }: Wanted<Needs, Uses>, env: Env = process.env,
): Subset<Needs, Uses> {
  const loaded = environment(env);
  if (!loaded.ok) return stop(loaded.errors.map(errorLine), exitCodeOf(loaded.errors));
  const { value } = loaded;
  const refusals = refuse(value);
  if (refusals.length > 0) return stop(refusals.map((reason) => `production refuses to start: ${reason}`), 2);
  const unset = missing(value, needs);
  if (unset.length > 0) return stop(unset.map(errorLine), exitCodeOf(unset));
  return Object.freeze(Object.fromEntries((['mode', ...needs, ...uses] as Field[]).map((field) => [field, value[field]]))) as Subset<Needs, Uses>;
}

/** The whole configuration of this process, or its mistakes; for commands that speak about it. */
export const environment = (env: Env = process.env): Loaded => loadConfig(env, fromDisk);

function stop(lines: readonly string[], code: number): never {
  process.stderr.write(`${lines.join('\n')}\nSee docs/configuration.md, or ask: npm run config -- check\n`);
  process.exit(code);
}
