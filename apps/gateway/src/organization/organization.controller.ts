import { Body, Controller, Get, Headers, Inject, Patch, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Database } from '#platform/db/in-org';
import { auditAllowed } from '../identity/audit.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { etagOf, matchedVersion, staleVersion } from '../http/etag.ts';
import { DATABASE } from '../tokens.ts';
import { PatchOrganization } from './organization.schemas.ts';
import { changeOrganization, findOrganization, type OrganizationRow } from './organization.sql.ts';

/** The caller's own organisation (W-7): there is no address of another's. */
@Controller('api/v1/organization')
export class OrganizationController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  @Get()
  @Requires('org.read')
  async read(@Caller() { orgId }: Principal, @Res({ passthrough: true }) response: Response) {
    return shown((await this.database.inOrg(orgId, findOrganization))!, response);
  }

  @Patch()
  @Requires('org.update')
  async change(@Caller() caller: Principal, @Headers('if-match') match: string | undefined, @Body({ schema: PatchOrganization }) body: PatchOrganization, @Res({ passthrough: true }) response: Response) {
    const version = matchedVersion(match);
    const row = await this.database.inOrg(caller.orgId, async (em) => {
      const changed = await changeOrganization(em, body, version);
      if (!changed) throw staleVersion((await findOrganization(em))!.version);
      await auditAllowed(em, caller, { action: 'org.update', permission: 'org.update', target: { type: 'organization', id: caller.orgId }, changes: Object.keys(body) });
      return changed;
    });
    return shown(row, response);
  }
}

function shown({ version, ...row }: OrganizationRow, response: Response) {
  response.setHeader('etag', etagOf(version));
  return row;
}
