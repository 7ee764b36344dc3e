// `npm run reset`: stops the instance and forgets its data; keys, logs and built binaries stay (O-25).
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { EXIT } from './parts/exit-codes.mjs';
import { PATHS } from './parts/paths.mjs';
import { stopRunning } from './parts/stop-running.mjs';

const FORGOTTEN = ['pg', 'temporal', 'state'];

async function confirmed() {
  if (process.argv.includes('--yes')) return true;
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`This deletes the database and all workflows in ${PATHS.local}. Type "reset" to go on: `);
  terminal.close();
  return answer.trim() === 'reset';
}

if (process.env.DATABASE_URL || process.env.DATABASE_URL_FILE) {
  process.stderr.write('DATABASE_URL is set: a database that is not ours is never emptied. Unset it to reset the local one.\n');
  process.exit(EXIT.failed);
}
if (!(await confirmed())) {
  process.stderr.write('Nothing was changed. Confirm by typing "reset", or give --yes.\n');
  process.exit(EXIT.failed);
}
if ((await stopRunning()) === false) {
  process.stderr.write('The running instance did not stop, so nothing was deleted; npm run status shows what is left.\n');
  process.exit(EXIT.timedOut);
}
const { removeAway } = await import('./parts/postgres-home.mjs');
removeAway();
for (const folder of FORGOTTEN) rmSync(PATHS.in(folder), { recursive: true, force: true });
process.stdout.write(`Emptied: ${FORGOTTEN.map((name) => `.local/${name}`).join(', ')}\n`);
