const SAME_CTRL_C_MS = 1_500;
const PARENT_EVERY_MS = 200;
const EXIT_KILLED = 130;

/**
 * How an instance ends: Ctrl-C or SIGTERM in order and with exit 0; a second Ctrl-C at once; and fast when the parent is
 * gone, for then nobody waits for us (O-14). npm passes a Ctrl-C on that the terminal has already sent, so what comes
 * within a moment is still the first one (C-4).
 */
export function leaveWhenAsked(supervisor, forget) {
  const parent = process.ppid;
  let firstAt;

  async function leave(options) {
    firstAt = Date.now();
    clearInterval(watch);
    await supervisor.stop(options);
    forget();
    process.exit(0);
  }

  function interrupted(signal) {
    if (firstAt === undefined) return void leave({ fast: signal === 'SIGHUP' });
    if (signal !== 'SIGINT' || Date.now() - firstAt < SAME_CTRL_C_MS) return undefined;
    supervisor.kill();
    forget();
    return process.exit(EXIT_KILLED);
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupted);
  const watch = setInterval(() => void (process.ppid === parent || leave({ fast: true })), PARENT_EVERY_MS);
  // A terminal that went away must not stop the stopping.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
