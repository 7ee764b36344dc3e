import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { rows, type Database, type SqlEntityManager } from '#platform/db/in-org';
import { notFound, Problem } from '#platform/errors/problem';
import { openEventOf } from '#platform/grid/event-store';
import { createOverride } from '#platform/grid/override-store';
import type { TemporalLink } from '#platform/temporal/link';
import { advanceZone, gridZoneWorkflowId, refreshZone, type CycleResult } from '#workflows/grid/zone.messages';
import type { GatewayConfig } from '../config.ts';
import { auditAllowed } from '../identity/audit.ts';
import type { Principal } from '../identity/caller.ts';
import { CONFIG, DATABASE, TEMPORAL } from '../tokens.ts';
import type { GridCycle } from './demo.schemas.ts';

/** Sources that only ever speak of a simulated or replayed grid; a real one cannot be steered (W-134). */
const STEERABLE = ['simulated', 'replay'];

/** Steers the simulated grid by what the zones' own runs do anyway: signals, events and everything after them come from there. */
@Injectable()
export class GridSteering {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(TEMPORAL) private readonly temporal: TemporalLink,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Moves source time on in all zones, or in some. */
  async cycle(caller: Principal, { steps, zones }: GridCycle) {
    this.temporal.assertAvailable();
    const all = await this.#audited(caller, 'grid_cycle', (zones ?? ['all']).join(), (em) => steerable(em, zones));
    const results = await Promise.all(all.map((zone) => this.#zone(zone).executeUpdate(advanceZone, { args: [{ steps }] }).then((result) => ({ zone, ...result }))));
    const named = (of: keyof Pick<CycleResult, 'opened' | 'closed'>) => results.flatMap((result) => result[of].map((id) => ({ zone: result.zone, id })));
    return { rows: results.reduce((sum, result) => sum + result.rows, 0), events_opened: named('opened'), events_closed: named('closed') };
  }

  /** Makes the zone's intensity a spike for some intervals; the incident agent does the rest. */
  async spike(caller: Principal, zone: string, intervals: number): Promise<void> {
    this.temporal.assertAvailable();
    await this.#audited(caller, 'trigger_reroute', zone, (em) => createOverride(em, { zone, effect: 'carbon-spike', intervals }));
    await this.#zone(zone).executeUpdate(refreshZone);
  }

  /** A price below zero and curtailment for a while. @returns the id of the surplus event that is open then */
  async surplus(caller: Principal, zone: string, durationS: number): Promise<string> {
    this.temporal.assertAvailable();
    await this.#audited(caller, 'trigger_curtailment', zone, async (em) => {
      await steerable(em, [zone]);
      if (await openEventOf(em, zone, 'shed')) throw new Problem('event-open', `A shed is open in ${zone}; it wins over a surplus. Close it first.`);
      return createOverride(em, { zone, effect: 'surplus', intervals: Math.ceil(durationS / this.config.gridIntervalS) });
    });
    await this.#zone(zone).executeUpdate(refreshZone);
    const id = await this.database.inSystem((em) => openEventOf(em, zone, 'absorb'));
    if (!id) throw new Problem('not-ready', `The surplus in ${zone} is set, and its event opens with the next interval.`);
    return id;
  }

  /** A call to shed may be told for a real grid too, so it is asked here whether this one is simulated. */
  async mayShed(caller: Principal, zone: string): Promise<void> {
    this.temporal.assertAvailable();
    await this.#audited(caller, 'trigger_curtailment', zone, (em) => steerable(em, [zone]));
  }

  #zone(zone: string) {
    return this.temporal.client.workflow.getHandle(gridZoneWorkflowId(zone));
  }

  /** The operator's audit event stands in the transaction of what was steered. */
  #audited<T>(caller: Principal, control: string, target: string, work: (em: SqlEntityManager) => Promise<T>): Promise<T> {
    return this.database.inOrg(caller.orgId, async (em) => {
      const done = await work(em);
      await auditAllowed(em, caller, { action: `demo.${control}`, permission: 'platform.operate', target: { type: 'zone', id: target } });
      return done;
    });
  }
}

/** @throws Problem not-found for a zone that is none, not-simulated where one has real signals */
async function steerable(em: SqlEntityManager, wanted: readonly string[] | undefined): Promise<readonly string[]> {
  const found = await rows(em, sql<{ zone: string; source: string }>`
    select z.key as zone, coalesce(c.source, z.sources ->> 0) as source from zones z left join grid_clock c on c.zone = z.key
     where ${wanted === undefined} or z.key = any(${[...(wanted ?? [])]}::text[]) order by z.key`);
  if (wanted && found.length < new Set(wanted).size) throw notFound();
  const real = found.filter(({ source }) => !STEERABLE.includes(source) && source !== 'none');
  if (real.length > 0) throw new Problem('not-simulated', `${real.map(({ zone, source }) => `${zone} has signals of ${source}`).join(', ')}; only a simulated grid can be steered.`);
  return found.map(({ zone }) => zone);
}
