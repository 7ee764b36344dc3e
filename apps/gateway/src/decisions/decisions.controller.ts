import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { Database } from '#platform/db/in-org';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { findDecision } from './decisions.sql.ts';

/** A stored decision, whole: grams and dollars of winner, runner-up and baseline side by side, also where they conflict (W-77). */
@Controller('api/v1/decisions')
export class DecisionsController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  @Get(':id')
  @Requires('workload.read')
  read(@Caller() { orgId }: Principal, @Param('id') id: string) {
    return this.database.inOrg(orgId, (em) => findDecision(em, id));
  }
}
