import type { WorkflowDefinitionOptions } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

/**
 * O-56's behaviour of a workflow type, for `setWorkflowOptions`. A worker without a deployment (the local default) may not name
 * one: the server refuses every task that does.
 */
export const versioned = (behavior: 'PINNED' | 'AUTO_UPGRADE') => (): WorkflowDefinitionOptions =>
  workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: behavior } : {};
