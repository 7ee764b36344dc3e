import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { sql } from 'kysely';
import type { Database } from '#platform/db/in-org';
import { nodeChanged, workloadWorkflowId } from '#workflows/workloads/workload.messages';

/** Tells the work on a node that the node's state has changed; what it does about it is its own decision (W-18). */
export const createWakeWorkloads = ({ statement }: Database, temporal: Client) => async (nodeId: string, state: string): Promise<void> => {
  const there = await statement(sql<{ workload_id: string }>`
    select workload_id from workload_directory where node_id = ${nodeId} and run_started and state not in ('completed', 'failed', 'cancelled', 'expired')`);
  for (const { workload_id } of there) {
    try {
      await temporal.workflow.getHandle(workloadWorkflowId(workload_id)).signal(nodeChanged, { nodeId, state });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error; // it ended in the meantime
    }
  }
};
