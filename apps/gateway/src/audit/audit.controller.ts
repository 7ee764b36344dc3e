import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { Database } from '#platform/db/in-org';
import { Pages } from '../http/pages.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { ListAuditEvents } from './audit.schemas.ts';
import { listAuditEvents } from './audit.sql.ts';

/** The organisation's own chain (P-65): the platform's events about itself stand in the platform's. */
@Controller('api/v1/audit')
export class AuditController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
  ) {}

  @Get('events')
  @Requires('audit.read')
  async list(@Caller() { orgId }: Principal, @Query({ schema: ListAuditEvents }) query: ListAuditEvents) {
    const page = this.pages.open('audit/events', orgId, query);
    return page.close(await this.database.inOrg(orgId, (em) => listAuditEvents(em, query, page.after, page.take)), ({ seq }) => [String(seq)]);
  }
}
