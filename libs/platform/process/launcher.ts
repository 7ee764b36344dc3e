/**
 * O-13, O-14: a child of `npm start` holds a control pipe to its launcher (Node's own IPC channel). When the launcher is
 * gone, however it went, the pipe closes and the process leaves at once; a production process has no such pipe.
 * Call it first in main.ts, before anything that may block.
 */
export function exitWhenLauncherDies(leave: () => void = () => process.exit(1)): void {
  if (process.send === undefined) return;
  if (!process.connected) return leave();
  process.once('disconnect', leave);
}
