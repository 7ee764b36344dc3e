import { Controller, Delete, Get, HttpCode, Inject, Param, Query } from '@nestjs/common';
import type { Database } from '#platform/db/in-org';
import { notFound } from '#platform/errors/problem';
import { isUuid } from '#platform/ids/uuidv7';
import { listQuery, Pages, type ListQuery } from '../http/pages.ts';
import { DATABASE } from '../tokens.ts';
import { endApiKey, findApiKey, findApiKeys } from './api-keys.sql.ts';
import { auditAllowed } from './audit.ts';
import { Authenticator } from './authenticator.ts';
import { Caller, type Principal } from './caller.ts';
import { Requires } from './requires.ts';

const ListApiKeys = listQuery({});

/** Keys of the caller's organisation: their secrets are shown nowhere (P-51, P-54). */
@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @Requires('apikey.read')
  async list(@Caller() { orgId }: Principal, @Query({ schema: ListApiKeys }) query: ListQuery & Record<string, unknown>) {
    const page = this.pages.open('api-keys', orgId, query);
    return page.close(await this.database.inOrg(orgId, (em) => findApiKeys(em, page.after, page.take)), ({ id }) => [id]);
  }

  @Get(':id')
  @Requires('apikey.read')
  async read(@Caller() { orgId }: Principal, @Param('id') id: string) {
    const key = isUuid(id) ? await this.database.inOrg(orgId, (em) => findApiKey(em, id)) : undefined;
    if (!key) throw notFound();
    return key;
  }

  /** One transaction, so that it works while Temporal is away (P-11); the trigger tells every gateway. */
  @Delete(':id')
  @HttpCode(204)
  @Requires('apikey.revoke')
  async revoke(@Caller() caller: Principal, @Param('id') id: string): Promise<void> {
    if (!isUuid(id)) throw notFound();
    await this.database.inOrg(caller.orgId, async (em) => {
      if (!(await findApiKey(em, id))) throw notFound();
      if (await endApiKey(em, id, 'revoked')) await auditAllowed(em, caller, { action: 'apikey.revoke', permission: 'apikey.revoke', target: { type: 'api_key', id }, changes: ['status'] });
    });
    this.authenticator.forget();
  }
}
