import type { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { withLogContext } from '#platform/telemetry/context';
import { CORRELATION_HEADER } from './correlation-header.ts';

/**
 * Every line that an activity logs, and every call it makes to Temporal, carries the run's correlation id (O-38). What it did for
 * somebody's request is a line of its own; housekeeping, which nobody asked for, is for developers.
 */
export const correlationActivityInterceptor = ({ info, log }: Context): ActivityInterceptors => ({
  inbound: {
    execute: (input, next) => {
      const payload = input.headers[CORRELATION_HEADER];
      const { activityType, attempt, taskQueue, workflowExecution, workflowType } = info;
      return withLogContext({
        ...(payload === undefined ? {} : { correlation_id: defaultPayloadConverter.fromPayload<string>(payload) }),
        ...(workflowExecution === undefined ? {} : { workflow_id: workflowExecution.workflowId, run_id: workflowExecution.runId }),
        workflow_type: workflowType, activity_type: activityType, attempt, task_queue: taskQueue,
      }, async () => {
        const begin = performance.now();
        const say = (outcome: string) => log[payload === undefined ? 'debug' : 'info'](`${activityType} ${outcome}`, { outcome, duration_ms: Math.round(performance.now() - begin) });
        try {
          const result = await next(input);
          say('ok');
          return result;
        } catch (error) {
          say('error');
          throw error;
        }
      });
    },
  },
});
