import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { gridEventClosed, gridEventOpened, workloadWorkflowId, type DecidedAction } from '#workflows/workloads/workload.messages';
import type { EventRef } from './event-deps.ts';

/** Tells a workload what was decided for it. @returns false where its run has ended */
export const tellOpened = (temporal: Client, event: EventRef, workloadId: string, decided: DecidedAction): Promise<boolean> =>
  reached(() => temporal.workflow.getHandle(workloadWorkflowId(workloadId)).signal(gridEventOpened, { ...event, ...decided }));

/** Tells a workload that the event is over. @returns false where its run has ended: then nothing is left to resume */
export const tellClosed = (temporal: Client, event: EventRef, workloadId: string, resume: boolean): Promise<boolean> =>
  reached(() => temporal.workflow.getHandle(workloadWorkflowId(workloadId)).signal(gridEventClosed, { ...event, resume }));

async function reached(send: () => Promise<void>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
