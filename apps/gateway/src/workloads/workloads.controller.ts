import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Database } from '#platform/db/in-org';
import { Pages } from '../http/pages.ts';
import type { GatewayRequest } from '../http/request.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { editableEtag } from './amend.ts';
import { OrderDesk } from './order-desk.ts';
import { CreateWorkload, ListWorkloads } from './workloads.schemas.ts';
import { listWorkloads, showWorkload } from './workloads.sql.ts';

@Controller('api/v1/workloads')
export class WorkloadsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
    private readonly desk: OrderDesk,
  ) {}

  @Post()
  @HttpCode(202)
  @Requires('workload.create')
  create(@Caller() caller: Principal, @Body({ schema: CreateWorkload }) body: CreateWorkload, @Req() request: GatewayRequest, @Res({ passthrough: true }) response: Response) {
    return this.desk.accept(request, response, caller, body);
  }

  @Post('quote')
  @HttpCode(200)
  @Requires('workload.create')
  quote(@Caller() caller: Principal, @Body({ schema: CreateWorkload }) body: CreateWorkload) {
    return this.desk.quote(caller, body);
  }

  @Get()
  @Requires('workload.read')
  async list(@Caller() { orgId }: Principal, @Query({ schema: ListWorkloads }) query: ListWorkloads) {
    const page = this.pages.open('workloads', orgId, query);
    const rows = await this.database.inOrg(orgId, (em) => listWorkloads(em, query, page.after, page.take));
    return page.close(rows, ({ created_at, id }) => [created_at, id]);
  }

  @Get(':id')
  @Requires('workload.read')
  async read(@Caller() { orgId }: Principal, @Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    const { row, shown } = await this.database.inOrg(orgId, (em) => showWorkload(em, id));
    response.setHeader('etag', editableEtag(row));
    return shown;
  }
}
