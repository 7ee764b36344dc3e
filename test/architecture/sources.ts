import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'typescript';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly isTest: boolean;
}

const ROOMS = ['apps', 'workflows', 'activities', 'libs', 'test', 'infra'];

/** Every file of ours that is code, with slashes as in the import table. */
export function sources(extensions = /\.(ts|mjs|sql)$/): SourceFile[] {
  return ROOMS.flatMap((room) => readdirSync(room, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && extensions.test(entry.name) && !/node_modules|\.local/.test(entry.parentPath))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      return { path, text, lines: text.split('\n').length - 1, isTest: path.endsWith('.test.ts') || path.startsWith('test/') };
    });
}

/** Lengths of all functions with a body, by the compiler's own tree. */
export async function functionLengths(files: readonly SourceFile[]): Promise<{ readonly where: string; readonly lines: number }[]> {
  const ts = await import('typescript');
  return files.filter(({ path }) => /\.(ts|mjs)$/.test(path)).flatMap(({ path, text }) => {
    const tree = ts.default.createSourceFile(path, text, ts.default.ScriptTarget.Latest, true);
    const found: { where: string; lines: number }[] = [];
    const visit = (node: Node): void => {
      if (ts.default.isFunctionLike(node) && 'body' in node && node.body) {
        const [from, to] = [node.getStart(), node.getEnd()].map((at) => tree.getLineAndCharacterOfPosition(at).line);
        found.push({ where: `${path}:${from! + 1}`, lines: to! - from! + 1 });
      }
      ts.default.forEachChild(node, visit);
    };
    visit(tree);
    return found;
  });
}
