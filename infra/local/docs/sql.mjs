/**
 * Just enough SQL for our own migrations: statements, and the parts between commas, with quotes, brackets, `$$` bodies and
 * comments respected. What it does not know it leaves alone.
 */
const TOKEN = /--[^\n]*|'(?:[^']|'')*'|\$\$[\s\S]*?\$\$|[(),;]|[^-'$(),;]+|[-$]/g;

/** Cuts a text at a character that stands outside of everything else. */
function cut(text, at) {
  const parts = [''];
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === at && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.filter((part) => part.trim() !== '');
}

/** @returns each statement with the comment block that touches it; rulers such as `-- Work -----` are no comment on anything */
export const statements = (sql) => cut(sql, ';').map(withComment);

/** @returns the parts of a bracket's content, each with the comments above it */
export const parts = (body) => cut(body, ',').map(withComment);

function withComment(text) {
  const block = /^((?:[^\S\n]*--[^\n]*\n|\s)*)([\s\S]*)$/.exec(text);
  const near = block[1].split(/\n\s*\n/).at(-1);
  const says = near.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('--') && !/-{5}$/.test(line)).map((line) => line.slice(2).trim()).join(' ');
  return { says, text: block[2].trim() };
}

/** The content of the first bracket, and what follows it. */
export function bracket(text) {
  let depth = 0;
  let at = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '(' && (depth += 1) === 1) at = index;
    if (token === ')' && (depth -= 1) === 0) return { inside: text.slice(at + 1, index), after: text.slice(index + 1).trim() };
  }
  throw new Error(`a bracket is not closed in: ${text.slice(0, 60)} …`);
}
