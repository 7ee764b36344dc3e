import { join } from 'node:path';
import { ROOT } from '../parts/paths.mjs';
import { bracket, parts, statements } from './sql.mjs';
import { code, generated, NONE, table } from './table.mjs';

const CONSTRAINT = /^(primary key|foreign key|unique|check|constraint|exclude)\b/;
const KINDS = {
  tenant: 'Rows of one organisation each; row-level security is forced, also for the owner.',
  global: 'The same for everybody: the grid and the fleet.',
  system: 'Ids and figures of the machinery, never a customer’s text.',
};

/** The dictionary and the diagram, read from the migrations as they would run. */
export async function databasePage(from) {
  const [{ TABLES }, { GRANTS }, { readMigrations }] = await Promise.all(['tables', 'grants', 'migration-file'].map((name) => from(`libs/platform/db/${name}.js`)));
  const migrations = readMigrations(join(ROOT, 'libs/platform/db/migrations'));
  const tables = new Map();
  for (const { up } of migrations) for (const statement of statements(up)) run(tables, statement);
  const unknown = [...tables.keys()].filter((name) => !TABLES[name]);
  if (unknown.length > 0) throw new Error(`libs/platform/db/tables.ts does not say the kind of: ${unknown.join(', ')}`);
  const groups = Object.entries(KINDS).map(([kind, says]) => `## ${kind}\n\n${says}\n\n${[...tables.values()].filter(({ name }) => TABLES[name] === kind)
    .map((one) => section(one, GRANTS.wattbook_app[one.name])).join('\n')}`);
  return `# Database

${generated('`libs/platform/db/migrations`, `tables.ts` and `grants.ts`')}

Integers carry their unit in the name: \`_micro_usd\`, \`_mj\`, \`_ng\`, \`_mg_per_kwh\`; \`_e3\` and \`_e4\` are thousandths and ten-thousandths.
What the app role may not do to a table, no process of the product can do.

${table(['migration', 'kind', 'effect on the previous release'], migrations.map(({ id, kind, effect }) => [code(id), kind, effect]))}

## Diagram

\`\`\`mermaid
erDiagram
${diagram(tables)}
\`\`\`

${groups.join('\n')}`;
}

function run(tables, { says, text }) {
  const [, made] = /^create table (\w+)/.exec(text) ?? [];
  if (made) tables.set(made, create(made, says, text));
  const [, altered, changes] = /^alter table (\w+)\s+([\s\S]+)$/.exec(text) ?? [];
  if (altered) for (const change of parts(changes)) alter(tables.get(altered) ?? fail(`${altered} is altered before it is made`), change);
  const [, dropped] = /^drop table (?:if exists )?(\w+)/.exec(text) ?? [];
  if (dropped) tables.delete(dropped);
  const [, unique, on, rest] = /^create unique index (\w+)?\s*on (\w+)\s*([\s\S]+)$/.exec(text) ?? [];
  if (on) tables.get(on)?.rules.push(`unique ${rest}${unique ? ` (${unique})` : ''}`);
}

function create(name, says, text) {
  const { inside, after } = bracket(text);
  const made = { name, says, columns: [], rules: [], partition: /partition by \w+ \((\w+)\)/.exec(after)?.[1] };
  for (const part of parts(inside)) {
    if (CONSTRAINT.test(part.text)) made.rules.push(part.text);
    else made.columns.push(column(part));
  }
  return made;
}

const RULE = /\s(?=(?:not null|null|default|check|references|primary key|unique|generated|constraint)\b)/;
function column({ says, text }) {
  const [head, ...rules] = text.split(RULE);
  const [, name, type] = /^(\w+)\s+([\s\S]+)$/.exec(head) ?? fail(`no column: ${text}`);
  return { name, type, rule: rules.join(' '), says };
}

function alter(one, { says, text }) {
  const [, added] = /^add (?:column )?(?:if not exists )?([\s\S]+)$/.exec(text) ?? [];
  const [, dropped] = /^drop column (?:if exists )?(\w+)/.exec(text) ?? [];
  if (added && CONSTRAINT.test(added)) one.rules.push(added);
  else if (added) one.columns.push(column({ says, text: added }));
  if (dropped) one.columns = one.columns.filter(({ name }) => name !== dropped);
}

function section({ name, says, columns, rules, partition }, may) {
  const about = [says, partition ? `One partition a month by ${code(partition)}.` : '', `The app role may ${may}.`].filter(Boolean).join(' ');
  const list = rules.map((rule) => `- ${code(rule.replaceAll(/\s+/g, ' '))}`).join('\n');
  const rows = columns.map((one) => [code(one.name), one.type, one.rule ? code(one.rule) : NONE, one.says || NONE]);
  return `### ${name}\n\n${about}\n\n${table(['column', 'type', 'rule', 'about'], rows)}\n${list ? `\n${list}\n` : ''}`;
}

/** One line for each foreign key, from the table that is pointed at. */
function diagram(tables) {
  const lines = [...tables.values()].flatMap(({ name, columns, rules }) =>
    [...columns.map(({ rule }) => rule), ...rules].flatMap((rule) => [...rule.matchAll(/references (\w+)/g)].map(([, parent]) => `  ${parent} ||--o{ ${name} : ""`)));
  return [...new Set(lines)].sort().join('\n');
}

function fail(message) {
  throw new Error(`${message}; infra/local/docs/database.mjs reads the migrations and does not understand this one`);
}
