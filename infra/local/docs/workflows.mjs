import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../parts/paths.mjs';
import { code, generated, NONE, table } from './table.mjs';

const KINDS = { defineSignal: 'signal', defineUpdate: 'update', defineQuery: 'query' };

/** Reads the registry, each workflow's first comment and its messages: what an operator may send and ask, without starting anything. */
export async function workflowsPage() {
  const { default: ts } = await import('typescript');
  const sections = registered(ts).map((one) => section(ts, one));
  return `# Workflows

${generated('`workflows/registry.ts` and each `*.messages.ts`')}

An id is a business key: a second start is the same run. A signal is not waited for, and the same one twice changes nothing; an update
answers its caller, or refuses before anything is recorded; a query reads.

${sections.join('\n')}`;
}

function registered(ts) {
  return parsed(ts, 'workflows/registry.ts').statements.filter(ts.isExportDeclaration).flatMap(({ exportClause, moduleSpecifier }) =>
    exportClause.elements.map(({ name }) => ({ type: name.text, path: join('workflows', moduleSpecifier.text) })));
}

function section(ts, { type, path }) {
  const source = parsed(ts, path);
  const behaviour = new RegExp(`'(PINNED|AUTO_UPGRADE)'[^\\n]*\\b${type}\\)`).exec(source.text)?.[1];
  if (!behaviour) throw new Error(`${path} does not say how ${type} is versioned: setWorkflowOptions({ versioningBehavior: … }, ${type}) (O-56)`);
  const story = /^\/\*\*([\s\S]*?)\*\//.exec(source.text)?.[1];
  if (!story) throw new Error(`${path} does not begin with a comment that says what it guarantees and what ends it`);
  const messages = messagesOf(ts, path.replace('.workflow.', '.messages.'));
  return `## ${code(type)}

Id ${code(messages.id)} · versioning ${behaviour === 'PINNED' ? 'pinned' : 'auto-upgrade'} · ${code(path)}

${prose(story)}

${table(['message', 'kind', 'takes', 'answers', 'why'], messages.rows)}
`;
}

/** The comment's paragraphs, each on lines as they were written. */
const prose = (comment) => comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd()).join('\n').trim();

function messagesOf(ts, path) {
  const source = parsed(ts, path);
  const declared = source.statements.filter(ts.isVariableStatement).flatMap((statement) => statement.declarationList.declarations.map((one) => ({ statement, name: one.name.text, made: one.initializer })));
  const id = declared.find(({ name }) => name.endsWith('WorkflowId'))?.made.body?.getText(source);
  if (!id) throw new Error(`${path} exports no function …WorkflowId that makes the business key`);
  const rows = declared.filter(({ made }) => made && ts.isCallExpression(made) && KINDS[made.expression.getText(source)]).map(({ statement, made }) => {
    const kind = KINDS[made.expression.getText(source)];
    const types = (made.typeArguments ?? []).map((type) => type.getText(source));
    const [answers, takes] = kind === 'signal' ? [undefined, types[0]] : types;
    return [code(made.arguments[0].text), kind, typeText(takes), typeText(answers), commentOf(ts, source, statement)];
  });
  return { id: id.replaceAll(/[`$]/g, ''), rows };
}

/** The one argument of a message, without its tuple. */
const typeText = (text) => (text === undefined || text === '[]' ? NONE : code(text.replace(/^\[([\s\S]*)\]$/, '$1').replaceAll('readonly ', '')));

function commentOf(ts, source, statement) {
  const [from, to] = [statement.getFullStart(), statement.getStart()];
  const comments = ts.getLeadingCommentRanges(source.text.slice(0, to), from) ?? [];
  return prose(comments.map(({ pos, end }) => source.text.slice(pos, end)).join(' ').replaceAll(/\/\*\*|\*\/|\/\//g, '')) || NONE;
}

function parsed(ts, path) {
  if (!existsSync(join(ROOT, path))) throw new Error(`${path} is missing: a workflow has its messages beside it`);
  return ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest, true);
}
