import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { correlationActivityInterceptor } from '#platform/temporal/interceptors/correlation.activity';
import { workflowBundleOf } from './workflow-bundle.ts';

export type Queue = 'workloads' | 'grid';

export interface WorkersInput {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
  readonly maxCachedWorkflows: number;
  readonly activities: Readonly<Partial<Record<Queue, object>>>;
}

/**
 * A job is watched by one activity for as long as it runs, so the slots for activities are the jobs that one worker can watch;
 * workflow tasks are short and bound to the cores (O-54).
 */
const SLOTS = { maxConcurrentActivityTaskExecutions: 2_000, maxConcurrentWorkflowTaskExecutions: 100, maxConcurrentLocalActivityExecutions: 100 } as const;

/** One bundle, one worker per task queue that has activities here. Who calls this runs and stops them. */
export async function createWorkers({ connection, namespace, dataConverter, maxCachedWorkflows, activities }: WorkersInput): Promise<Worker[]> {
  const workflowBundle = await workflowBundleOf(dataConverter.failureConverterPath);
  return Promise.all(Object.entries(activities).map(([taskQueue, implementations]) => Worker.create({
    connection, namespace, dataConverter, taskQueue, maxCachedWorkflows,
    interceptors: { activity: [correlationActivityInterceptor] },
    workflowBundle,
    activities: implementations,
    ...SLOTS,
    // A heartbeat carries the cancellation back: at most two seconds, not the SDK's 0.8 × time-out.
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
    stickyQueueScheduleToStartTimeout: '5s',
    shutdownGraceTime: '60s',
    shutdownForceTime: '75s',
  })));
}
