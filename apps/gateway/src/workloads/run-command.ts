import { setTimeout } from 'node:timers/promises';
import { Injectable, Inject } from '@nestjs/common';
import { WorkflowNotFoundError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { allowedCommands, refusal, standing, type Command } from '#domain/workload/commands';
import { isEnd } from '#domain/workload/states';
import type { Database } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import type { TemporalLink } from '#platform/temporal/link';
import type { WorkloadRow } from '#platform/workloads/row';
import { workloadWorkflowId } from '#workflows/workloads/workload.messages';
import type { GatewayConfig } from '../config.ts';
import { CONFIG, DATABASE, TEMPORAL } from '../tokens.ts';
import { startWorkload, workloadLimits } from './start-workload.ts';
import { findWorkload } from './workloads.sql.ts';

const UNTIL_IT_KNOWS_MS = [50, 100, 200, 400, 800] as const;

/** Sends commands to a workload's run and waits for the answer. The caller has looked the row up: it is the organisation's own. */
@Injectable()
export class WorkloadCommands {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TEMPORAL) private readonly temporal: TemporalLink,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /**
   * @returns what the run answered, or undefined where the workload is over and already where the command leads
   * @throws Problem invalid-transition with `state` and `allowed[]`; refusals of the run itself pass through to the filter
   */
  async run<Result, Input>(row: WorkloadRow, command: Command, update: UpdateDefinition<Result, [Input]>, input: Input): Promise<Result | undefined> {
    if (isEnd(row.state)) return over(row, command);
    this.temporal.assertAvailable();
    try {
      return await this.#told(row, update, input);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || endedMeanwhile(error)) return this.#withoutRun(row, command, update, input);
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw unanswered();
      throw error;
    }
  }

  /** A job runs from the moment that its row says so; its run hears of it a moment later, and must not refuse what the row allows. */
  async #told<Result, Input>(row: WorkloadRow, update: UpdateDefinition<Result, [Input]>, input: Input): Promise<Result> {
    const tell = () => this.#handle(row.id).executeUpdate(update, { args: [input] });
    for (const pauseMs of UNTIL_IT_KNOWS_MS) {
      try {
        return await tell();
      } catch (error) {
        if (row.state !== 'running' || !stillPlacing(error)) throw error;
        await setTimeout(pauseMs);
      }
    }
    return tell();
  }

  /** The run ended meanwhile, or it was accepted a moment ago and its run is not started yet: then it is started here. */
  async #withoutRun<Result, Input>(row: WorkloadRow, command: Command, update: UpdateDefinition<Result, [Input]>, input: Input): Promise<Result | undefined> {
    const now = await this.database.inOrg(row.org_id, (em) => findWorkload(em, row.id));
    if (isEnd(now.state)) return over(now, command);
    const started = { id: row.id, orgId: row.org_id, kind: row.kind, gpus: row.gpus, correlationId: row.correlation_id };
    await startWorkload(this.#client, workloadLimits(this.config.gridIntervalS), started);
    return this.#handle(row.id).executeUpdate(update, { args: [input] });
  }

  get #client(): Client {
    return this.temporal.client;
  }

  #handle(id: string): WorkflowHandle {
    return this.#client.workflow.getHandle(workloadWorkflowId(id));
  }
}

const stillPlacing = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure && error.cause.type === 'invalid-transition' &&
  (error.cause.details?.[0] as { readonly state?: string } | undefined)?.state === 'placing';

/** The run took the command and ended before it could answer. */
const endedMeanwhile = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure && error.cause.type === 'AcceptedUpdateCompletedWorkflow';

const unanswered = () => new Problem('unavailable', 'The command is handed over, but no worker has answered it yet. Read the workload again, or repeat the command: a repeat has no second effect.', {}, { 'retry-after': '5' });

function over(row: WorkloadRow, command: Command): undefined {
  if (standing(row.state, command) === 'done') return undefined;
  throw refused(row, command);
}

export const refused = ({ state }: Pick<WorkloadRow, 'state'>, command: Command): Problem =>
  new Problem('invalid-transition', refusal(state, command), { state, allowed: allowedCommands(state) });
