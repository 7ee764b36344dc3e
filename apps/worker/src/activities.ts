import type { Client } from '@temporalio/client';
import { createEventActivities } from '#activities/grid/event.activities';
import { createGridActivities } from '#activities/grid/grid.activities';
import { createWorkloadActivities } from '#activities/workloads/workloads.activities';
import type { RoutingDeps } from '#activities/workloads/fleet';
import type { WorkloadDeps } from '#activities/workloads/deps';
import type { Database } from '#platform/db/in-org';
import type { GridSources } from '#platform/grid/make-sources';
import { currentView } from '#platform/grid/zone-view';
import type { Queue } from './workers.ts';

export interface ActivityDeps {
  readonly database: Database;
  readonly temporal: Client;
  readonly agents: WorkloadDeps['agents'];
  readonly sources: GridSources;
  readonly nodeSecondsPerSecond: number;
  readonly codeVersion: string;
  readonly pace?: WorkloadDeps['pace'];
  readonly stopping: AbortSignal;
}

/** What each task queue can do, for the queues that this process serves. */
export function activitiesOf(deps: ActivityDeps, queues: readonly string[]): Partial<Record<Queue, object>> {
  const { database, temporal, agents, sources, nodeSecondsPerSecond, codeVersion, pace, stopping } = deps;
  const routing: RoutingDeps = { zoneViews: currentView, intervalMs: sources.pace.intervalS * 1_000, nodeSecondsPerSecond, codeVersion };
  const all: Record<Queue, object> = {
    workloads: { ...createWorkloadActivities({ database, temporal, agents, routing, stopping, ...(pace && { pace }) }), ...createEventActivities({ database, temporal, routing }) },
    grid: createGridActivities({ database, temporal, sources }),
  };
  return Object.fromEntries(Object.entries(all).filter(([queue]) => queues.includes(queue)));
}
