import { eventSummary } from '#domain/incident/words';
import { zoneAttribute } from '../common/attributes.messages.ts';
import { GRID_EVENT_LIMITS, gridEventWorkflowId, type GridEventInput } from './event.messages.ts';

/** How an event's run is started, by whoever sees the event first: one run per event, and a repeat finds it. */
export function incidentRun(zone: string, eventId: string, intervalMs: number, awaitsConfirmation = false) {
  const input: GridEventInput = { zone, eventId, limits: { ...GRID_EVENT_LIMITS, intervalMs }, awaitsConfirmation };
  return {
    // Beside the work that it steers: a queue of zones alone need not know workloads.
    taskQueue: 'workloads',
    workflowId: gridEventWorkflowId(zone, eventId),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    args: [input],
    typedSearchAttributes: [{ key: zoneAttribute, value: zone }],
    staticSummary: `${eventSummary(eventId, zone)}: ${eventId}`,
  };
}
