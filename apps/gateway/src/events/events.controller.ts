import { Controller, Get, Headers, Inject, Param, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Permission } from '#domain/permissions/catalogue';
import type { Database } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { invalidRequest } from '../http/strict-query.ts';
import type { GatewayRequest } from '../http/request.ts';
import { Authenticator } from '../identity/authenticator.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { credentialOf } from '../identity/credential.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { findWorkload } from '../workloads/workloads.sql.ts';
import { EventStream } from './event-stream.ts';
import { StreamHub } from './stream-hub.ts';

const MOST_PER_KEY = 20;

/** Server-sent events of W-89: the organisation's own beside what is public, or one workload's. */
@Controller('api/v1')
export class EventsController {
  readonly #openByKey = new Map<string, number>();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly hub: StreamHub,
    private readonly authenticator: Authenticator,
  ) {}

  @Get('events')
  @Requires('grid.read')
  organization(@Caller() caller: Principal, @Req() request: GatewayRequest, @Headers('last-event-id') last: string | undefined, @Res() response: Response) {
    return this.#open(caller, 'grid.read', request, response, last);
  }

  @Get('workloads/:id/events')
  @Requires('workload.read')
  async workload(@Caller() caller: Principal, @Param('id') id: string, @Req() request: GatewayRequest, @Headers('last-event-id') last: string | undefined, @Res() response: Response) {
    await this.database.inOrg(caller.orgId, (em) => findWorkload(em, id));
    return this.#open(caller, 'workload.read', request, response, last, id);
  }

  async #open({ orgId, credentialId, permissions }: Principal, needs: Permission, request: GatewayRequest, response: Response, last: string | undefined, workloadId?: string): Promise<void> {
    const after = idOf(last);
    const credential = credentialOf(request);
    this.#takeSlot(credentialId);
    const stream = new EventStream(response);
    response.on('close', () => {
      this.#freeSlot(credentialId);
      this.hub.leave(stream);
    });
    const stillAllowed = async () => (await this.authenticator.authenticate(credential))?.permissions.has(needs) ?? false;
    const sees = (name: string) => permissions.has(permissionFor(name));
    await this.hub.follow(stream, { orgId, sees, stillAllowed, ...(workloadId !== undefined && { workloadId }) }, after);
  }

  #takeSlot(key: string): void {
    const open = this.#openByKey.get(key) ?? 0;
    if (open >= MOST_PER_KEY) throw new Problem('rate-limited', `A key may hold ${MOST_PER_KEY} open streams; close one first.`, { limit: MOST_PER_KEY }, { 'retry-after': '5' });
    this.#openByKey.set(key, open + 1);
  }

  #freeSlot(key: string): void {
    const open = this.#openByKey.get(key)! - 1;
    if (open === 0) this.#openByKey.delete(key);
    else this.#openByKey.set(key, open);
  }
}

/** A stream tells no more than the credential could read elsewhere. */
const permissionFor = (name: string): Permission => (name.startsWith('workload.') ? 'workload.read' : name === 'alert' ? 'alert.read' : name === 'node.state' ? 'node.read' : 'grid.read');

/** An id that was never given names no place to resume from. */
function idOf(last: string | undefined): bigint | undefined {
  if (last === undefined || last === '') return undefined;
  if (!/^\d{1,19}$/.test(last) || BigInt(last) >= 2n ** 63n) throw invalidRequest([{ pointer: '/Last-Event-ID', code: 'wrong-value', detail: 'The header Last-Event-ID takes the id of an event of this stream.' }]);
  return BigInt(last);
}
