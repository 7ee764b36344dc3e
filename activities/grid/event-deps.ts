import type { Client } from '@temporalio/client';
import type { RoutingDeps } from '#activities/workloads/fleet';
import type { Database, SqlEntityManager } from '#platform/db/in-org';

export interface EventDeps {
  readonly database: Database;
  readonly temporal: Client;
  readonly routing: RoutingDeps;
}

export interface EventRef {
  readonly zone: string;
  readonly eventId: string;
}

/** One transaction of no organisation, and its binding to one (`inSystem`). */
export interface SystemTx {
  readonly em: SqlEntityManager;
  readonly actAs: (orgId: string) => Promise<void>;
}
