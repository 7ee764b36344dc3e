import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { sql } from 'kysely';
import type { WorkloadState } from '#domain/workload/states';
import { rows, type Database } from '#platform/db/in-org';
import { notFound, Problem } from '#platform/errors/problem';
import { NodeCallError } from '#platform/nodes/agent-client';
import { jobIdOf, NodeAgents } from '#platform/nodes/node-agents';
import { auditAllowed } from '../identity/audit.ts';
import type { Principal } from '../identity/caller.ts';
import { DATABASE } from '../tokens.ts';
import { refused } from '../workloads/run-command.ts';

interface Running {
  readonly workload_id: string;
  readonly segment: number;
  readonly node_id: string;
  readonly hardware: 'real' | 'simulated';
}

/** Finds work of all organisations by ids and states only, as workers do; what a customer wrote is not read here. */
@Injectable()
export class DemoWork implements OnApplicationShutdown {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly agents: NodeAgents,
  ) {}

  onApplicationShutdown(): Promise<void> {
    return this.agents.close();
  }

  /** The zone where the workload runs, or the newest running one. */
  async zoneOf(workloadId: string | undefined): Promise<string> {
    const [work] = await this.database.inSystem((em) => rows(em, sql<{ zone: string | null; state: WorkloadState }>`
      select zone, state from workload_directory where ${workloadId === undefined ? sql`state = 'running'` : sql`workload_id = ${workloadId}`} order by created_at desc limit 1`));
    if (!work && workloadId !== undefined) throw notFound();
    if (!work) throw new Problem('not-ready', 'No workload runs at the moment; create one first.');
    if (work.state !== 'running' || !work.zone) throw refused(work, 'reroute');
    return work.zone;
  }

  /** Tells simulated nodes to finish jobs; the runs see it as any other end. @returns how many jobs were told */
  async complete(caller: Principal, ids: readonly string[] | undefined): Promise<number> {
    const running = await this.database.inOrg(caller.orgId, async (em) => {
      const found = await rows(em, sql<Running>`
        select d.workload_id, d.segment, d.node_id, n.hardware from workload_directory d join nodes n on n.id = d.node_id
         where d.state = 'running' and ${ids === undefined ? sql`true` : sql`d.workload_id = any(${[...ids]}::uuid[])`} order by d.created_at limit 500`);
      if (found.some(({ hardware }) => hardware === 'real')) throw new Problem('not-simulated', 'Some of these workloads run on real hardware; only simulated nodes can be told to finish.');
      await auditAllowed(em, caller, { action: 'demo.complete_workloads', permission: 'platform.operate', target: { type: 'workloads', id: String(found.length) } });
      return found;
    });
    const byNode = Map.groupBy(running, ({ node_id }) => node_id);
    const told = await Promise.all([...byNode].map(([nodeId, jobs]) => this.agents.completeJobs(nodeId, jobs.map(({ workload_id, segment }) => jobIdOf(workload_id, segment))).catch(unreachable)));
    return told.reduce((sum, count) => sum + count, 0);
  }
}

/** A node that does not answer finishes nothing; its runs find out by themselves. */
function unreachable(error: unknown): number {
  if (error instanceof NodeCallError) return 0;
  throw error;
}
