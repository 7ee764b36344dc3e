import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { sql } from 'kysely';
import { rows, type Database } from '#platform/db/in-org';
import type { Logger } from '#platform/telemetry/logger';
import type { TemporalLink } from '#platform/temporal/link';
import type { GatewayConfig } from '../config.ts';
import { CONFIG, DATABASE, LOGGER, TEMPORAL } from '../tokens.ts';
import { startWorkload, workloadLimits } from './start-workload.ts';

const EVERY_MS = 2_000;
/** A run marks its workload with the first state that it writes; one that has written none for so long may never have been started. */
const OVERDUE_S = 15;
const A_PAGE = 100;

interface Left {
  readonly workload_id: string;
  readonly org_id: string;
}

/** Starts what a crash left between the commit of an order and the start of its run: accepted means it will run (W-81). */
@Injectable()
export class StartSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TEMPORAL) private readonly temporal: TemporalLink,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void (this.#sweeping ??= this.#safely().finally(() => (this.#sweeping = undefined))), EVERY_MS);
    this.#timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** @returns how many runs were started */
  async sweep(): Promise<number> {
    const left = await this.database.statement(sql<Left>`
      select workload_id, org_id from workload_directory where not run_started and created_at < clock_timestamp() - make_interval(secs => ${OVERDUE_S}) order by created_at limit ${A_PAGE}`);
    for (const { workload_id, org_id } of left) await this.#start(org_id, workload_id);
    return left.length;
  }

  async #start(orgId: string, id: string): Promise<void> {
    const [row] = await this.database.inOrg(orgId, (em) => rows(em, sql<{ kind: string; gpus: number; correlation_id: string }>`
      select kind, gpus, correlation_id from workloads where id = ${id}`));
    if (!row) return;
    await startWorkload(this.temporal.client, workloadLimits(this.config.gridIntervalS), { id, orgId, kind: row.kind, gpus: row.gpus, correlationId: row.correlation_id });
    // Where no worker takes it up, the run says so no sooner than one comes back; the sweep need not start it again.
    await this.database.inOrg(orgId, (em) => rows(em, sql`update workloads set run_started = true where id = ${id} and not run_started`));
    this.log.info({ event: 'workload.start_ensured', workload_id: id }, 'a workload had written no state for long; its run is started now, if it was not');
  }

  /** Temporal or the database may be away for a while: the next sweep tries again. */
  async #safely(): Promise<void> {
    if (!this.temporal.isAvailable()) return;
    await this.sweep().catch((err: unknown) => this.log.warn({ event: 'workload.sweep_failed', err }, 'could not look for unstarted runs; trying again'));
  }
}
