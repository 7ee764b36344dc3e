import type { Headers, WorkflowInterceptors } from '@temporalio/workflow';
import { defaultPayloadConverter } from '@temporalio/workflow';

/** As in libs/platform/temporal/interceptors/correlation-header.ts, of which workflow code knows nothing. */
const HEADER = 'wattbook-correlation-id';

/**
 * Carries the correlation id of the request that began a run into its logs, its activities, the runs it signals and the runs that
 * follow it (O-38, O-39). Made anew for every run, so nothing is shared between two.
 */
export const interceptors = (): WorkflowInterceptors => {
  let payload: Headers[string] | undefined;
  const carry = <T extends { readonly headers: Headers }>(input: T): T => (payload === undefined ? input : { ...input, headers: { ...input.headers, [HEADER]: payload } });
  return {
    inbound: [{
      execute: (input, next) => {
        payload = input.headers[HEADER];
        return next(input);
      },
    }],
    outbound: [{
      scheduleActivity: (input, next) => next(carry(input)),
      scheduleLocalActivity: (input, next) => next(carry(input)),
      startChildWorkflowExecution: (input, next) => next(carry(input)),
      signalWorkflow: (input, next) => next(carry(input)),
      continueAsNew: (input, next) => next(carry(input)),
      getLogAttributes: (input, next) => next(payload === undefined ? input : { ...input, correlation_id: defaultPayloadConverter.fromPayload(payload) }),
    }],
  };
};
