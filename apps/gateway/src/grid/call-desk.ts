import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Database, SqlEntityManager } from '#platform/db/in-org';
import { notFound, Problem } from '#platform/errors/problem';
import { readClock } from '#platform/grid/clock-store';
import { closeEvent, closeOpen, openEvent, openEventOf } from '#platform/grid/event-store';
import type { Logger } from '#platform/telemetry/logger';
import type { TemporalLink } from '#platform/temporal/link';
import { eventClosed, gridEventWorkflowId } from '#workflows/grid/event.messages';
import { incidentRun } from '#workflows/grid/incident-run.messages';
import { callChanged, gridZoneWorkflowId } from '#workflows/grid/zone.messages';
import type { GatewayConfig } from '../config.ts';
import { Idempotency } from '../http/idempotency.ts';
import type { GatewayRequest } from '../http/request.ts';
import { badFilter } from '../http/pages.ts';
import { auditAllowed } from '../identity/audit.ts';
import type { Principal } from '../identity/caller.ts';
import { CONFIG, DATABASE, LOGGER, TEMPORAL } from '../tokens.ts';
import { findEvent, toApiEvent } from './events.sql.ts';
import type { CallEvent } from './grid.schemas.ts';
import { assertZone } from './zones.sql.ts';

const LATEST_START_MS = 24 * 3_600_000;

/**
 * Calls and cancels of an operator (W-56): one transaction, binding in every process from its commit (W-102). The runs are told
 * afterwards; should Temporal be away, the zone's next tick starts what is missing.
 */
@Injectable()
export class CallDesk {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TEMPORAL) private readonly temporal: TemporalLink,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly log: Logger,
    private readonly idempotency: Idempotency,
  ) {}

  async call(request: GatewayRequest, response: Response, caller: Principal, zone: string, body: CallEvent) {
    const event = await this.idempotency.answerOnce(request, response, caller, async (em) => {
      const id = await this.#store(em, caller, zone, body);
      return { status: 202, body: toApiEvent((await findEvent(em, zone, id))!), headers: { location: `/api/v1/grid-events/${zone}/${id}` } };
    });
    await this.#tell(zone, event.id, event.open ? 'begin' : 'look');
    return event;
  }

  /**
   * Stores a call and its audit event; a shed ends the zone's absorb.
   * @throws Problem `event-open` with the open event's id, `not-found` for an unknown zone
   */
  async #store(em: SqlEntityManager, caller: Principal, zone: string, { kind, start, duration_s, target_kw, target_percent, reason }: CallEvent): Promise<string> {
    await assertZone(em, zone);
    const { now } = await readClock(em, zone, 'lock');
    const begins = start === undefined ? now : Math.max(now, Date.parse(start));
    if (begins - now > LATEST_START_MS) throw badFilter('start', 'A call may begin at most 24 h ahead.');
    const open = await openEventOf(em, zone, kind);
    const pending = begins > now;
    if (open && !pending) throw new Problem('event-open', `${kind} is open in ${zone} already as ${open}; close it first, or wait for its end.`, { event_id: open });
    if (kind === 'shed' && !pending) await closeOpen(em, zone, 'absorb', 'cancelled');
    if (kind === 'absorb' && !pending && (await openEventOf(em, zone, 'shed'))) throw new Problem('event-open', `A shed is open in ${zone}, and it goes before an absorb.`);
    const asked = { ...(target_kw !== undefined && { target_kw: String(target_kw) }), ...(target_percent !== undefined && { target_percent }) };
    const { id } = await openEvent(em, { zone, kind, start: begins, pending, cause: 'operator', evidence: { call: { reason, duration_s, ...asked } }, target: asked, scheduledEnd: begins + duration_s * 1_000 });
    await auditAllowed(em, caller, { action: 'grid_event.open', permission: 'platform.operate', target: { type: 'grid_event', id: `${zone}/${id}` }, reason });
    return id;
  }

  async close(caller: Principal, zone: string, id: string, reason: string | undefined): Promise<void> {
    await this.database.inOrg(caller.orgId, async (em) => {
      if (!(await findEvent(em, zone, id))) throw notFound();
      if (!(await closeEvent(em, zone, id, 'cancelled'))) return;
      await auditAllowed(em, caller, { action: 'grid_event.close', permission: 'platform.operate', target: { type: 'grid_event', id: `${zone}/${id}` }, ...(reason !== undefined && { reason }) });
    });
    await this.#tell(zone, id, 'end');
  }

  /** Starts the event's agent or tells it that all is over, and lets the zone look at the call's times. */
  async #tell(zone: string, id: string, what: 'begin' | 'end' | 'look'): Promise<void> {
    // Whoever waits for the answer does not wait for an engine that is away.
    if (!this.temporal.isAvailable()) return;
    const { workflow } = this.temporal.client;
    const told = [
      workflow.getHandle(gridZoneWorkflowId(zone)).signal(callChanged),
      ...(what === 'begin' ? [workflow.start('gridEvent', incidentRun(zone, id, this.config.gridIntervalS * 1_000))] : []),
      ...(what === 'end' ? [workflow.getHandle(gridEventWorkflowId(zone, id)).signal(eventClosed, { cause: 'cancelled' })] : []),
    ];
    for (const result of await Promise.allSettled(told))
      if (result.status === 'rejected') this.log.warn({ event: 'grid_event.tell_later', zone, grid_event: id, err: result.reason }, 'could not tell a run about the event now; the zone\'s next tick will');
  }
}
