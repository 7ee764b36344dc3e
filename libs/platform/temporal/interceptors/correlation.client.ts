import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { logContext } from '#platform/telemetry/context';
import { CORRELATION_HEADER } from './correlation-header.ts';

/**
 * Hands the correlation id of the request on to the run that it starts, signals or updates: in the header for the workflow's
 * and its activities' logs, in the memo for who looks at the run later (O-38).
 */
export const correlationClientInterceptor: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => next({ ...input, headers: withCorrelation(input.headers), options: { ...input.options, memo: { ...input.options.memo, ...memo() } } }),
  signal: (input, next) => next({ ...input, headers: withCorrelation(input.headers) }),
  signalWithStart: (input, next) => next({ ...input, headers: withCorrelation(input.headers), options: { ...input.options, memo: { ...input.options.memo, ...memo() } } }),
  startUpdate: (input, next) => next({ ...input, headers: withCorrelation(input.headers) }),
};

const memo = () => {
  const { correlation_id } = logContext();
  return correlation_id === undefined ? {} : { correlation_id };
};

function withCorrelation<T extends Record<string, unknown>>(headers: T): T {
  const { correlation_id } = logContext();
  return correlation_id === undefined ? headers : { ...headers, [CORRELATION_HEADER]: defaultPayloadConverter.toPayload(correlation_id) };
}
