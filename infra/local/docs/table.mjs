/** A table of a page; a cell keeps its `|` and stays on one line. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim()).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

export const code = (text) => `\`${text}\``;
export const generated = (what) => `Generated from ${what} by \`npm run docs\`; do not edit.`;
export const NONE = '–';
