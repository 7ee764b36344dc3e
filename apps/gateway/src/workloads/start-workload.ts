import type { Client } from '@temporalio/client';
import { createHash } from 'node:crypto';
import { withLogContext } from '#platform/telemetry/context';
import { orgIdAttribute, workloadStateAttribute } from '#workflows/common/attributes.messages';
import { workloadWorkflowId, type WorkloadInput, type WorkloadLimits } from '#workflows/workloads/workload.messages';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const workloadLimits = (gridIntervalS: number): WorkloadLimits => ({
  intervalMs: gridIntervalS * 1_000, startTimeoutMs: MINUTE_MS, settleTimeoutMs: 10 * MINUTE_MS, pausedTooLongMs: 7 * DAY_MS, maxLifetimeMs: 35 * DAY_MS,
});

export interface StartableWorkload {
  readonly id: string;
  readonly orgId: string;
  readonly kind: string;
  readonly gpus: number;
  readonly correlationId: string;
}

/**
 * Used by the route and by the sweep: the id is the business key, so starting twice is one run. Nothing that a customer wrote goes
 * into the summary, which Temporal keeps readable; what identifies is the id.
 */
export async function startWorkload(temporal: Client, limits: WorkloadLimits, work: StartableWorkload): Promise<void> {
  // The run carries the id of the request that ordered it, also where a sweep starts it much later (O-38).
  await withLogContext({ correlation_id: work.correlationId }, () => temporal.workflow.start<(input: WorkloadInput) => Promise<unknown>>('workload', {
    workflowId: workloadWorkflowId(work.id),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    taskQueue: 'workloads',
    args: [{ orgId: work.orgId, workloadId: work.id, limits }],
    staticSummary: `${work.kind} on ${work.gpus} GPU${work.gpus === 1 ? '' : 's'}`,
    typedSearchAttributes: [{ key: orgIdAttribute, value: work.orgId }, { key: workloadStateAttribute, value: 'accepted' }],
    priority: { fairnessKey: fairnessKey(work.orgId) },
  })).catch(alreadyOver);
}

/** O-68: at most 64 bytes, and no id of an organisation where other tenants' operators might look. */
export const fairnessKey = (orgId: string): string => createHash('sha256').update(orgId).digest('hex').slice(0, 32);

/** A run of this id that is over was started: that is what was wanted. */
function alreadyOver(error: unknown): void {
  if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
}
