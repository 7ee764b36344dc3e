import type { Logger as SdkLogger, LogLevel, LogMetadata } from '@temporalio/common';
import type { Logger } from '#platform/telemetry/logger';

const LEVELS: Readonly<Record<LogLevel, keyof Logger>> = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' };

/** Parts of the SDK that tell of themselves; workflows and activities tell of the work. */
const NARRATORS: ReadonlySet<string> = new Set(['worker', 'core']);

/** What the SDK and workflow code log, as lines of ours (O-34, O-39). The SDK's own narration is debug: business facts are logged where they happen. */
export function sdkLogger(log: Logger): SdkLogger {
  const write = (level: LogLevel, message: string, { error, ...meta }: LogMetadata = {}) => {
    const ours = level === 'INFO' && NARRATORS.has(String(meta['sdkComponent'])) ? 'debug' : LEVELS[level];
    log[ours]({ event: `temporal.${String(meta['sdkComponent'] ?? 'sdk')}`, ...fieldsOf(meta), ...(error === undefined ? {} : { err: error }) }, message);
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

const RENAMED: Readonly<Record<string, string>> = {
  workflowId: 'workflow_id', runId: 'run_id', workflowType: 'workflow_type', activityType: 'activity_type', activityId: 'activity_id', taskQueue: 'task_queue', attempt: 'attempt', correlation_id: 'correlation_id', namespace: 'namespace', outcome: 'outcome', duration_ms: 'duration_ms',
};

const fieldsOf = (meta: LogMetadata): Record<string, unknown> =>
  Object.fromEntries(Object.entries(meta).filter(([name, value]) => RENAMED[name] !== undefined && ['string', 'number'].includes(typeof value)).map(([name, value]) => [RENAMED[name]!, value]));
