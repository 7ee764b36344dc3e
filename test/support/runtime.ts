import { DefaultLogger, Runtime, type Logger, type LogLevel, type LogMetadata } from '@temporalio/worker';

/** A process has one Temporal runtime, and many files of tests run in one process: what it says goes to whoever listens. */
const quiet: Logger = new DefaultLogger('ERROR');
let listener = quiet;
let installed = false;

class ToListener implements Logger {
  log = (level: LogLevel, message: string, meta?: LogMetadata) => listener.log(level, message, meta);
  trace = (message: string, meta?: LogMetadata) => listener.trace(message, meta);
  debug = (message: string, meta?: LogMetadata) => listener.debug(message, meta);
  info = (message: string, meta?: LogMetadata) => listener.info(message, meta);
  warn = (message: string, meta?: LogMetadata) => listener.warn(message, meta);
  error = (message: string, meta?: LogMetadata) => listener.error(message, meta);
}

/** Before the first worker of a file; errors alone are printed unless it listens itself. */
export function useRuntime(to: Logger = quiet): void {
  listener = to;
  if (installed) return;
  installed = true;
  Runtime.install({ logger: new ToListener(), shutdownSignals: [] });
}
