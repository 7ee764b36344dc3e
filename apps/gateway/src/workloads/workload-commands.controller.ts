import { Body, Controller, Headers, HttpCode, Inject, Param, Patch, Post, Put, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Database, SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import type { WorkloadRow } from '#platform/workloads/row';
import { amend, cancel, pause, reroute, resume, route, type CommandInput, type CommandResult } from '#workflows/workloads/workload.messages';
import type { UpdateDefinition } from '@temporalio/common';
import { findDecision } from '../decisions/decisions.sql.ts';
import { auditAllowed } from '../identity/audit.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { amended, editableEtag, matchEditable } from './amend.ts';
import { refused, WorkloadCommands } from './run-command.ts';
import { AmendWorkload, CancelWorkload, RerouteWorkload } from './workloads.schemas.ts';
import { findNodeId, findWorkload, showWorkload } from './workloads.sql.ts';

const BY: CommandInput = { by: 'customer' };

/** Commands of W-86: the workload is looked up first, so another organisation's id is absent before anything else is said. */
@Controller('api/v1/workloads/:id')
export class WorkloadCommandsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly commands: WorkloadCommands,
  ) {}

  @Post('cancel')
  @Requires('workload.control')
  cancel(@Caller() caller: Principal, @Param('id') id: string, @Body({ schema: CancelWorkload.optional() }) body: CancelWorkload | undefined, @Res({ passthrough: true }) response: Response) {
    return this.#steer(caller, id, 'cancel', cancel, response, body?.reason);
  }

  @Post('pause')
  @Requires('workload.control')
  pause(@Caller() caller: Principal, @Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    return this.#steer(caller, id, 'pause', pause, response);
  }

  @Post('resume')
  @Requires('workload.control')
  resume(@Caller() caller: Principal, @Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    return this.#steer(caller, id, 'resume', resume, response);
  }

  @Put('route')
  @HttpCode(200)
  @Requires('workload.control')
  async route(@Caller() caller: Principal, @Param('id') id: string) {
    const row = await this.#mine(caller, id);
    const { decisionId } = (await this.commands.run(row, 'route', route, BY))!;
    if (!decisionId) throw refused(await this.#mine(caller, id), 'route');
    return this.#audited(caller, id, 'route', (em) => findDecision(em, decisionId));
  }

  @Post('reroute')
  @HttpCode(200)
  @Requires('workload.control')
  async reroute(@Caller() caller: Principal, @Param('id') id: string, @Body({ schema: RerouteWorkload.prefault({}) }) { mode, target_node }: RerouteWorkload) {
    const row = await this.#mine(caller, id);
    const target = target_node === undefined ? {} : { targetNodeId: await this.#node(caller, target_node) };
    const { decisionId } = (await this.commands.run(row, 'reroute', reroute, { ...BY, mode, ...target }))!;
    return this.#audited(caller, id, 'reroute', (em) => findDecision(em, decisionId));
  }

  @Patch()
  @Requires('workload.control')
  async amend(@Caller() caller: Principal, @Param('id') id: string, @Headers('if-match') match: string | undefined, @Body({ schema: AmendWorkload }) body: AmendWorkload, @Res({ passthrough: true }) response: Response) {
    const row = await this.#mine(caller, id);
    matchEditable(row, match);
    await this.commands.run(row, 'amend', amend, { ...BY, ...amended(row, body) });
    const after = await this.#audited(caller, id, 'amend', (em) => showWorkload(em, id), Object.keys(body));
    response.setHeader('etag', editableEtag(after.row));
    return after.shown;
  }

  /** 202 for what was done, 200 for a repeat where the workload already is (W-86). */
  async #steer(caller: Principal, id: string, command: 'cancel' | 'pause' | 'resume', update: UpdateDefinition<CommandResult, [CommandInput]>, response: Response, reason?: string) {
    const row = await this.#mine(caller, id);
    const result = await this.commands.run(row, command, update, BY);
    response.status(result?.changed ? 202 : 200);
    const show = (em: SqlEntityManager) => showWorkload(em, id);
    const { shown } = result?.changed ? await this.#audited(caller, id, command, show, [], reason) : await this.database.inOrg(caller.orgId, show);
    return shown;
  }

  #mine({ orgId }: Principal, id: string): Promise<WorkloadRow> {
    return this.database.inOrg(orgId, (em) => findWorkload(em, id));
  }

  async #node({ orgId }: Principal, slugOrId: string): Promise<string> {
    const id = await this.database.inOrg(orgId, (em) => findNodeId(em, slugOrId));
    if (!id) throw new Problem('unknown-node', `No node is called ${slugOrId}; GET /api/v1/nodes lists them.`, { pointer: '/target_node' });
    return id;
  }

  /** The run has done it by now; who asked for it stands beside what is answered. */
  #audited<T>(caller: Principal, id: string, verb: string, read: (em: SqlEntityManager) => Promise<T>, changes: readonly string[] = [], reason?: string): Promise<T> {
    return this.database.inOrg(caller.orgId, async (em) => {
      await auditAllowed(em, caller, { action: `workload.${verb}`, permission: 'workload.control', target: { type: 'workload', id }, changes, ...(reason !== undefined && { reason }) });
      return read(em);
    });
  }
}
