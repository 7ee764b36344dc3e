import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of one request or one activity carries (O-34). The correlation id is that of the first request of the business act (O-38). */
export interface LogContext {
  readonly correlation_id?: string;
  readonly request_id?: string;
  readonly trace_id?: string;
  readonly org_id?: string;
  readonly actor_id?: string;
  readonly [field: string]: string | number | undefined;
}

const storage = new AsyncLocalStorage<LogContext>();

export const logContext = (): LogContext => storage.getStore() ?? {};

export const withLogContext = <T>(context: LogContext, work: () => T): T => storage.run({ ...logContext(), ...context }, work);
