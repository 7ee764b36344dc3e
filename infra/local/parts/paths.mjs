import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** O-10: a demo may live beside the developer's own state, so the folder can be moved (by the demo alone, not by a variable). */
const LOCAL = process.argv.find((argument) => argument.startsWith('--state='))?.slice('--state='.length) ?? join(ROOT, '.local');

const FOLDERS = ['pg', 'temporal', 'bin', 'keys', 'logs', 'state', 'bench', 'faults', 'backups', 'mail'];

export const PATHS = {
  local: LOCAL,
  in: (...parts) => join(LOCAL, ...parts),
  log: (name) => join(LOCAL, 'logs', `${name}.log`),
  dist: (...parts) => join(ROOT, 'dist', ...parts),
  bin: join(ROOT, '.local', 'bin'), // a Temporal server is built once for all
  makeFolders() {
    for (const folder of [LOCAL, ...FOLDERS.map((name) => join(LOCAL, name)), PATHS.bin]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    }
  },
};
