// `npm run logs -- <process>`: follows one log of the instance.
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { EXIT } from './parts/exit-codes.mjs';
import { PATHS } from './parts/paths.mjs';
import { tail } from './parts/reporter.mjs';

const SHOWN = 50;
const EVERY_MS = 300;

const [name] = process.argv.slice(2);
const known = existsSync(PATHS.in('logs')) ? readdirSync(PATHS.in('logs')).filter((file) => file.endsWith('.log')).map((file) => file.slice(0, -4)) : [];
if (!name || !known.includes(name)) {
  process.stderr.write(`Name one of: ${known.join(', ') || '(no logs yet)'}\n`);
  process.exit(EXIT.configuration);
}
const file = PATHS.log(name);
let at = statSync(file).size;
process.stdout.write(`${tail(file, SHOWN).join('\n')}\n`);
setInterval(() => {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < at) at = 0; // rotated under us
  if (size > at) createReadStream(file, { start: at, end: size - 1 }).pipe(process.stdout, { end: false });
  at = size;
}, EVERY_MS);
