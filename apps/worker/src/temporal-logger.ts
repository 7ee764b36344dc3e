import type { LogLevel, Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from '#platform/telemetry/logger';

const LEVELS: Readonly<Record<LogLevel, keyof Logger>> = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' };

/** The SDK's own lines in our form: workflow and activity logs carry their ids and the correlation id of the request (O-34, O-38). */
export function temporalLogger(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta: Readonly<Record<string | symbol, unknown>> = {}): void => {
    const { workflowId, runId, workflowType, activityType, attempt, taskQueue, error, correlation_id, event, ...rest } = meta as Record<string, unknown>;
    const known = { workflow_id: workflowId, run_id: runId, workflow_type: workflowType, activity_type: activityType, attempt, task_queue: taskQueue, correlation_id };
    log[LEVELS[level]]({ event: typeof event === 'string' ? event : 'temporal.sdk', ...rest, ...known, ...(error === undefined ? {} : { err: error }) }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
