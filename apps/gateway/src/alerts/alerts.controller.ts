import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { toApiAlert } from '#platform/alerts/alert';
import { acknowledgeAlert } from '#platform/alerts/raise';
import type { Database } from '#platform/db/in-org';
import { notFound, Problem } from '#platform/errors/problem';
import { isUuid } from '#platform/ids/uuidv7';
import { Pages } from '../http/pages.ts';
import { auditAllowed } from '../identity/audit.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { NoMembers } from '../workloads/workloads.schemas.ts';
import { ListAlerts } from './alerts.schemas.ts';
import { listAlerts } from './alerts.sql.ts';

/** The caller's alerts (W-111). The operator's are those of the platform's own organisation. */
@Controller('api/v1/alerts')
export class AlertsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Requires('alert.read')
  async list(@Caller() { orgId }: Principal, @Query({ schema: ListAlerts }) query: ListAlerts) {
    const page = this.pages.open('alerts', orgId, query);
    const found = await this.database.inOrg(orgId, (em) => listAlerts(em, query, page.after, page.take));
    const { data, next_cursor } = page.close(found, ({ opened_at, id }) => [opened_at, id]);
    return { data: data.map(toApiAlert), next_cursor };
  }

  /** Somebody has seen it: it stays open until its fact is over. Again is the same answer, and a resolved one has nothing left to see. */
  @Post(':id/acknowledge')
  @HttpCode(200)
  @Requires('alert.acknowledge')
  acknowledge(@Caller() caller: Principal, @Param('id') id: string, @Body({ schema: NoMembers.optional() }) _: unknown) {
    return this.database.inOrg(caller.orgId, async (em) => {
      const found = isUuid(id) ? await acknowledgeAlert(em, caller.orgId, id) : undefined;
      if (!found) throw notFound();
      const { alert, changed } = found;
      if (alert.state === 'resolved') throw new Problem('invalid-transition', 'This alert is resolved; there is nothing left to acknowledge.', { state: 'resolved', allowed: [] });
      if (changed) await auditAllowed(em, caller, { action: 'alert.acknowledge', permission: 'alert.acknowledge', target: { type: 'alert', id } });
      return toApiAlert(alert);
    });
  }
}
