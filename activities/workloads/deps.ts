import type { Client } from '@temporalio/client';
import type { Database } from '#platform/db/in-org';
import type { NodeAgents } from '#platform/nodes/node-agents';
import type { TargetSegment, WorkloadLimits } from '#workflows/workloads/workload.messages';
import type { RoutingDeps } from './fleet.ts';

export interface WorkloadDeps {
  readonly database: Database;
  readonly agents: Pick<NodeAgents, 'putJob' | 'getJob' | 'checkpoint' | 'pause' | 'deleteJob'>;
  readonly routing: RoutingDeps;
  /** To tell runs what the interval's review decided for them. */
  readonly temporal: Client;
  readonly pace?: Partial<Pace>;
  /** Aborted when this worker stops: who watches a job hands it to another worker. */
  readonly stopping?: AbortSignal;
}

/** How often and how long nodes are asked; tests make it short. */
export interface Pace {
  /** W-92. */
  readonly pollMs: number;
  /** While a start, a checkpoint or a stop is awaited. */
  readonly quickPollMs: number;
  /** W-30. */
  readonly nodeLostAfterMs: number;
  /** W-89: one `workload.progress` per this long. */
  readonly progressEveryMs: number;
  /** After this the watching activity comes back, so that the run may continue as new. */
  readonly watchMs: number;
  /** W-143: then the work counts as stopped, by its fence. */
  readonly stopWithinMs: number;
}

const PACE: Pace = { pollMs: 2_000, quickPollMs: 200, nodeLostAfterMs: 30_000, progressEveryMs: 5_000, watchMs: 3_600_000, stopWithinMs: 8_000 };
export const paceOf = ({ pace }: WorkloadDeps): Pace => ({ ...PACE, ...pace });

/** Whose workload; every input begins with it. */
export interface Ref {
  readonly orgId: string;
  readonly workloadId: string;
}
export interface OnNode extends Ref {
  readonly node: TargetSegment;
}
export interface Limited {
  readonly limits: WorkloadLimits;
}
