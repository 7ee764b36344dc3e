// Where `setpriv` is missing (O-14): this process holds a pipe to the launcher and ends its child's group when the pipe closes.
//   guard.mjs <death signal> <uid or ''> <command> <args…>
import { spawn } from 'node:child_process';

const LEAVE_MS = 3_000;
const [deathSignal, user, command, ...args] = process.argv.slice(2);
const id = user ? Number(user) : undefined;
const child = spawn(command, args, { stdio: 'inherit', uid: id, gid: id }); // stays in our group, which the launcher can end whole

child.on('error', (error) => {
  process.stderr.write(`${command} could not be started: ${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
process.on('disconnect', () => {
  child.kill(deathSignal);
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), LEAVE_MS);
});
