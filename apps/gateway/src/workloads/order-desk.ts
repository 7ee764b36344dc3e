import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Response } from 'express';
import { quote, type Quote } from '#domain/routing/quote';
import type { Database } from '#platform/db/in-org';
import { shared } from '#platform/db/shared-reading';
import type { Logger } from '#platform/telemetry/logger';
import type { TemporalLink } from '#platform/temporal/link';
import { workloadPath, type ApiWorkload } from '#platform/workloads/to-api';
import type { GatewayConfig } from '../config.ts';
import { Idempotency } from '../http/idempotency.ts';
import type { GatewayRequest } from '../http/request.ts';
import type { Principal } from '../identity/caller.ts';
import { CONFIG, DATABASE, LOGGER, TEMPORAL } from '../tokens.ts';
import { acceptWorkload, weigh, type OrderPace } from './accept-workload.ts';
import { AfterAnswers } from './after-answers.ts';
import { readFleet } from './fleet-reading.ts';
import { startWorkload, workloadLimits } from './start-workload.ts';
import type { CreateWorkload } from './workloads.schemas.ts';

/** Where orders are taken, from customers and from the demo control alike. */
@Injectable()
export class OrderDesk implements OnApplicationShutdown {
  /** Orders that come together are weighed against one reading. */
  readonly #fleet = shared(() => this.database.inSystem((em) => readFleet(em, 'average_lifecycle')));
  readonly #starts = new AfterAnswers();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TEMPORAL) private readonly temporal: TemporalLink,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly log: Logger,
    private readonly idempotency: Idempotency,
  ) {}

  onApplicationShutdown(): Promise<void> {
    return this.#starts.done();
  }

  /** 202 means durable: the row is committed before the run is started, and the sweep starts what a crash left between the two (W-81). */
  accept(request: GatewayRequest, response: Response, caller: Principal, body: CreateWorkload): Promise<ApiWorkload> {
    return this.#starts.answer(() => this.#accept(request, response, caller, body));
  }

  async #accept(request: GatewayRequest, response: Response, caller: Principal, body: CreateWorkload): Promise<ApiWorkload> {
    this.temporal.assertAvailable();
    const { correlationId } = request.facts;
    const fleet = await this.#fleet();
    let accepted: ApiWorkload | undefined;
    const answer = await this.idempotency.answerOnce(request, response, caller, async (em) => {
      accepted = await acceptWorkload(em, caller, body, { fleet, pace: this.#pace, correlationId });
      return { status: 202, body: accepted, headers: { location: workloadPath(accepted.id) } };
    });
    // The answer does not wait for the run: it promises what is committed. A command that comes before it starts it itself.
    if (accepted) this.#starts.later(() => this.#start(caller.orgId, accepted!, correlationId));
    return answer;
  }

  /** Nothing is reserved and nothing stored. */
  async quote({ orgId }: Principal, body: CreateWorkload): Promise<Quote> {
    const fleet = await this.#fleet();
    return this.database.inOrg(orgId, async (em) => quote((await weigh(em, body, { fleet, pace: this.#pace })).input));
  }

  get #pace(): OrderPace {
    return { intervalMs: this.config.gridIntervalS * 1_000, nodeSecondsPerSecond: this.config.simTimeScale };
  }

  /** The order stands whatever happens here; a run that could not be started now is started by the sweep. */
  async #start(orgId: string, { id, kind, gpus }: ApiWorkload, correlationId: string): Promise<void> {
    this.log.info({ event: 'workload.accepted', workload_id: id, org_id: orgId }, 'accepted a workload');
    try {
      await startWorkload(this.temporal.client, workloadLimits(this.config.gridIntervalS), { id, orgId, kind, gpus, correlationId });
    } catch (err) {
      this.log.warn({ event: 'workload.start_later', workload_id: id, err }, 'could not start the run now; the sweep will');
    }
  }
}
