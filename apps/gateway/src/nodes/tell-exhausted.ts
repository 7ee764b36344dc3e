import { energyReported, workloadWorkflowId } from '#workflows/workloads/workload.messages';
import type { TemporalLink } from '#platform/temporal/link';

/**
 * W-95: the workload's run pauses or stops it. A signal that does not get through is sent again with the next report, since
 * the budget is then still spent; so a report is never refused because Temporal is away.
 */
export async function tellExhausted({ client, isAvailable }: TemporalLink, workloadIds: readonly string[]): Promise<void> {
  if (!isAvailable()) return;
  await Promise.allSettled(workloadIds.map((id) => client.workflow.getHandle(workloadWorkflowId(id)).signal(energyReported, { budget: 'exhausted' })));
}
