import { readFileSync, statSync } from 'node:fs';

/** Content and permission bits of a file, or undefined when it cannot be read. */
export type ReadSecretFile = (path: string) => { readonly text: string; readonly mode: number } | undefined;

export const noFiles: ReadSecretFile = () => undefined;

export const fromDisk: ReadSecretFile = (path) => {
  try {
    return { text: readFileSync(path, 'utf8'), mode: statSync(path).mode };
  } catch {
    return undefined;
  }
};

const READABLE_BY_ALL = 0o004;

/** O-30: the trailing newline goes; a file that is missing, empty or (in production) readable by all is an error. */
export function secretFromFile(
  path: string, { production }: { readonly production: boolean }, read: ReadSecretFile,
): { readonly text: string } | { readonly reason: string; readonly unreadable: boolean } {
  const file = read(path);
  if (!file) return { reason: 'names a file that cannot be read', unreadable: true };
  const text = file.text.replace(/\r?\n$/, '');
  if (text === '') return { reason: 'names an empty file', unreadable: false };
  if (production && (file.mode & READABLE_BY_ALL) !== 0) return { reason: 'names a file that everybody may read; chmod it to 0600 or 0400', unreadable: false };
  return { text };
}
