import type { Loaded, Origin } from './load.ts';
import { fields, groups, variableOf } from './schema.ts';
import type { Known, Variable } from './variable.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function fallbackText({ fallback, fallbackSays }: Variable<unknown>): string {
  if (fallbackSays !== undefined) return fallbackSays;
  return typeof fallback === 'string' ? `\`${fallback}\`` : '–';
}

/** docs/configuration.md, whole; a test fails when the file differs. */
export function configurationPage(): string {
  const tables = Object.entries(groups).map(([group, variables]) => {
    const rows = (Object.values(variables) as Variable<unknown>[]).map((variable) =>
      `| \`${variable.name}\`${variable.secret ? ' °' : ''}${variable.production ? ' ●' : ''} | ${cell(variable.says)} | ${cell(variable.form.text)} | ${cell(fallbackText(variable))} |`);
    return `## ${group}\n\n| variable | what it is | accepted | default |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${INTRODUCTION}\n${tables.join('\n')}`;
}

const INTRODUCTION = `# Configuration

Generated from \`libs/platform/config\` by \`npm run config -- docs\`; do not edit.

Every process reads its variables once, when it starts, and never again; a wrong one stops it with every mistake listed
(exit 2) before it opens a connection. An unknown \`WATTBOOK_…\` name is a mistake too.
Limits, policies, models and prices are rows in the database, not variables.

° secret: \`NAME_FILE\` may name a file that holds it (one trailing newline is dropped; setting both is a mistake). It is never
printed. ● production starts only with a value of one’s own.

    npm run config -- check                             every mistake, one line each
    npm run config -- show                              values in force and where they come from
    npm run config -- template --mode production        a file to fill in
`;

/** An environment file: defaults as they are, \`<…>\` where a value of one's own is due, optional variables as comments. */
export function template(mode: 'local' | 'test' | 'production'): string {
  const known: Known = (name) => {
    const variable = fields.map(variableOf).find((one) => one.name === name);
    if (name === 'WATTBOOK_MODE') return mode;
    return typeof variable?.fallback === 'function' ? variable.fallback(known) : variable?.fallback;
  };
  const lines = Object.entries(groups).map(([group, variables]) => {
    const entries = (Object.values(variables) as Variable<unknown>[]).map((variable) => templateEntry(variable, mode, known));
    return `### ${group}\n\n${entries.join('\n')}`;
  });
  return `${lines.join('\n')}\n`;
}

function templateEntry(variable: Variable<unknown>, mode: string, known: Known): string {
  const about = `# ${variable.says} (${variable.form.text})`;
  if (mode === 'production' && variable.production === 'required') return `${about}\n${variable.name}=<${variable.form.text}>\n`;
  const value = known(variable.name);
  return `${about}\n${value === undefined ? `# ${variable.name}=${variable.form.example}` : `${variable.name}=${value}`}\n`;
}

export interface ShownValue {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** Values in force; a secret's own JSON form redacts it. */
export function shownValues({ value, origins }: Extract<Loaded, { ok: true }>): ShownValue[] {
  return fields.map((field) => {
    const { name } = variableOf(field);
    const held: unknown = value[field];
    const text = held === undefined ? '' : typeof held === 'string' ? held : JSON.stringify(held).replace(/^"(.*)"$/s, '$1');
    return { name, value: text, origin: origins.get(name) ?? 'unset' };
  });
}
