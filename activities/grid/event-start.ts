import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { GridEventKind } from '#domain/grid/event-rules';
import type { ShedTarget } from '#domain/incident/target';
import { eventSummary } from '#domain/incident/words';
import { zoneAttribute } from '#workflows/common/attributes.messages';
import { gridEventWorkflowId, type GridEventInput } from '#workflows/grid/event.messages';

/** Starts the incident agent of an event. Starting twice is one run, also when the first has already ended (W-54). */
export async function startGridEvent(temporal: Client, input: GridEventInput, { kind, target }: { kind: GridEventKind; target: ShedTarget | null }): Promise<void> {
  try {
    await temporal.workflow.start('gridEvent', {
      workflowId: gridEventWorkflowId(input.zone, input.eventId),
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      taskQueue: 'workloads',
      args: [input],
      staticSummary: eventSummary(kind, input.zone, target),
      typedSearchAttributes: [{ key: zoneAttribute, value: input.zone }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
