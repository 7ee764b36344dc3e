import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode, Worker, type NativeConnection } from '@temporalio/worker';
import { correlationActivityInterceptor } from '#platform/temporal/interceptors/correlation.activity';

export type Queue = 'workloads' | 'grid';

export interface WorkersInput {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
  readonly maxCachedWorkflows: number;
  readonly activities: Readonly<Partial<Record<Queue, object>>>;
}

/** From source or from dist: the registry beside which this file lies has the same ending. */
const beside = (path: string): string => {
  const here = fileURLToPath(import.meta.url);
  return fileURLToPath(new URL(`../../../workflows/${path}${extname(here)}`, import.meta.url));
};

/**
 * A job is watched by one activity for as long as it runs, so the slots for activities are the jobs that one worker can watch;
 * workflow tasks are short and bound to the cores (O-54).
 */
const SLOTS = { maxConcurrentActivityTaskExecutions: 2_000, maxConcurrentWorkflowTaskExecutions: 100, maxConcurrentLocalActivityExecutions: 100 } as const;

/** One bundle, one worker per task queue that has activities here. Who calls this runs and stops them. */
export async function createWorkers({ connection, namespace, dataConverter, maxCachedWorkflows, activities }: WorkersInput): Promise<Worker[]> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: beside('registry'),
    workflowInterceptorModules: [beside('common/correlation.interceptors')],
    ...(dataConverter.failureConverterPath === undefined ? {} : { failureConverterPath: dataConverter.failureConverterPath }),
    webpackConfigHook: (config) => (import.meta.url.endsWith('.ts') ? { ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } } : config),
  });
  return Promise.all(Object.entries(activities).map(([taskQueue, implementations]) => Worker.create({
    connection, namespace, dataConverter, taskQueue, maxCachedWorkflows,
    interceptors: { activity: [correlationActivityInterceptor], workflowModules: [beside('common/correlation.interceptors')] },
    workflowBundle: { code },
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
