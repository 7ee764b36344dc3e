import type { Connection, WorkflowClientInterceptor } from '@temporalio/client';

const CALL_MS = 5_000;
/** An update answers when its effect is there, which may take a few activities. */
const UPDATE_MS = 25_000;

/** No caller waits for ever on a server that is away: past the deadline the SDK gives up its retries too. */
export function deadlineClientInterceptor(connection: Connection): WorkflowClientInterceptor {
  const within = <T>(ms: number, call: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + ms, call);
  return {
    startWithDetails: (input, next) => within(CALL_MS, () => next(input)),
    signal: (input, next) => within(CALL_MS, () => next(input)),
    signalWithStart: (input, next) => within(CALL_MS, () => next(input)),
    query: (input, next) => within(CALL_MS, () => next(input)),
    describe: (input, next) => within(CALL_MS, () => next(input)),
    startUpdate: (input, next) => within(UPDATE_MS, () => next(input)),
  };
}
