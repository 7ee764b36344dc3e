import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { appendAudit } from '#platform/audit/append';
import { keyRingOf } from '#platform/config/key-ring';
import type { Database } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { ReportNonces } from '#platform/nodes/report-nonce';
import { ingestReports } from '#platform/nodes/reports/ingest';
import type { TemporalLink } from '#platform/temporal/link';
import { requestIds } from '../identity/audit.ts';
import { Public } from '../identity/requires.ts';
import { BodyLimit } from '../http/body.ts';
import type { GatewayConfig } from '../config.ts';
import { CONFIG, DATABASE, TEMPORAL } from '../tokens.ts';
import { changeKey } from './change-key.ts';
import { takeHeartbeat } from './heartbeat.ts';
import { bearerOf, nodeOf } from './node-token.ts';
import { ChangeNodeKey, EnergyReports, Heartbeat, RegisterNode } from './nodes.schemas.ts';
import { registerNode } from './register.ts';
import { tellExhausted } from './tell-exhausted.ts';

const REPORTS_LIMIT = 4 << 20;

/** What agents call (W-13 to W-24). `@Public` because a node is no organisation's key: it is known by its own token. */
@Controller('api/v1/nodes')
export class NodeProtocolController {
  private readonly nonces: ReportNonces;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(TEMPORAL) private readonly temporal: TemporalLink,
  ) {
    this.nonces = new ReportNonces(keyRingOf(config.masterKeys));
  }

  @Post('register')
  @Public()
  async register(@Headers('authorization') authorization: string | undefined, @Body({ schema: RegisterNode }) body: RegisterNode, @Res({ passthrough: true }) response: Response) {
    if (bearerOf(authorization) !== body.enrolment_token) throw new Problem('unauthenticated', 'Send the enrolment token as bearer and in the body.', {}, { 'www-authenticate': 'Bearer' });
    const { answer, again } = await this.database.inSystem(async (em, actAs) => {
      const done = await registerNode(em, actAs, body, { production: this.config.mode === 'production', masterKeys: keyRingOf(this.config.masterKeys), nonces: this.nonces });
      if (!done.again) await this.audit(em, done.orgId, done.nodeId, done.keyReplaced ? 'node.key.replace' : 'node.register');
      return done;
    });
    response.status(again ? 200 : 201);
    return answer;
  }

  @Post(':id/keys')
  @HttpCode(200)
  @Public()
  async key(@Headers('authorization') authorization: string | undefined, @Param('id') id: string, @Body({ schema: ChangeNodeKey }) body: ChangeNodeKey) {
    return this.database.inSystem(async (em, actAs) => {
      const node = await nodeOf(em, authorization, id);
      await actAs(node.orgId);
      const changed = await changeKey(em, node, body);
      await this.audit(em, node.orgId, id, 'node.key.change');
      return changed;
    });
  }

  @Post(':id/heartbeat')
  @HttpCode(200)
  @Public()
  async heartbeat(@Headers('authorization') authorization: string | undefined, @Param('id') id: string, @Body({ schema: Heartbeat }) body: Heartbeat) {
    return this.database.inSystem(async (em) => {
      await nodeOf(em, authorization, id);
      return takeHeartbeat(em, id, body, this.nonces);
    });
  }

  @Post(':id/energy-reports')
  @HttpCode(200)
  @BodyLimit(REPORTS_LIMIT)
  @Public()
  async reports(@Headers('authorization') authorization: string | undefined, @Param('id') id: string, @Body({ schema: EnergyReports }) body: EnergyReports) {
    const { results, exhausted } = await this.database.inSystem(async (em, actAs) => ingestReports(em, actAs, await nodeOf(em, authorization, id), body.reports, this.nonces));
    await tellExhausted(this.temporal, exhausted);
    return { results };
  }

  private audit(em: Parameters<typeof appendAudit>[0], orgId: string, nodeId: string, action: 'node.register' | 'node.key.replace' | 'node.key.change') {
    return appendAudit(em, orgId, {
      action, permission: 'node.write', outcome: 'allowed', reason: null, changes: [], target: { type: 'node', id: nodeId }, ...requestIds(),
      actor: { type: 'system', id: nodeId, credential_id: null, on_behalf_of: null },
    });
  }
}
