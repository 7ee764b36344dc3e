import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Database, SqlEntityManager } from '#platform/db/in-org';
import { notFound } from '#platform/errors/problem';
import { allAnswers, ownAnswers } from '#platform/events/answers';
import { Pages } from '../http/pages.ts';
import type { GatewayRequest } from '../http/request.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { CallDesk } from './call-desk.ts';
import { findEvent, historyOf, listEvents, toApiEvent } from './events.sql.ts';
import { CallEvent, CloseEvent, ListGridEvents } from './grid.schemas.ts';

/** Grid events: the event is everybody's, the answers in it are each organisation's own (W-104, W-180). */
@Controller('api/v1')
export class GridEventsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
    private readonly desk: CallDesk,
  ) {}

  @Get('grid-events')
  @Requires('grid.read')
  async list(@Caller() { orgId }: Principal, @Query({ schema: ListGridEvents }) query: ListGridEvents) {
    const page = this.pages.open('grid-events', orgId, query);
    const found = await this.database.inSystem((em) => listEvents(em, query, page.after, page.take));
    const { data, next_cursor } = page.close(found, ({ start_at, zone, id }) => [start_at, zone, id]);
    return { data: data.map(toApiEvent), next_cursor };
  }

  @Get('grid-events/:zone/:id')
  @Requires('grid.read')
  read(@Caller() caller: Principal, @Param('zone') zone: string, @Param('id') id: string) {
    return this.database.inOrg(caller.orgId, (em) => this.#shown(em, caller, zone, id));
  }

  @Post('zones/:zone/events')
  @HttpCode(202)
  @Requires('platform.operate')
  call(@Caller() caller: Principal, @Param('zone') zone: string, @Body({ schema: CallEvent }) body: CallEvent, @Req() request: GatewayRequest, @Res({ passthrough: true }) response: Response) {
    return this.desk.call(request, response, caller, zone, body);
  }

  /** 200 for a repeat too: it is over, which is what was wanted. */
  @Post('grid-events/:zone/:id/close')
  @HttpCode(200)
  @Requires('platform.operate')
  async close(@Caller() caller: Principal, @Param('zone') zone: string, @Param('id') id: string, @Body({ schema: CloseEvent.prefault({}) }) { reason }: CloseEvent) {
    await this.desk.close(caller, zone, id, reason);
    return this.database.inOrg(caller.orgId, (em) => this.#shown(em, caller, zone, id));
  }

  async #shown(em: SqlEntityManager, { operator }: Principal, zone: string, id: string) {
    const row = await findEvent(em, zone, id);
    if (!row) throw notFound();
    return { ...toApiEvent(row), history: await historyOf(em, zone, id), answers: await (operator ? allAnswers : ownAnswers)(em, zone, id) };
  }
}
