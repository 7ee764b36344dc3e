import { sql } from 'kysely';
import { pickForAbsorb, pickForShed, type Surplus } from '#domain/incident/affected';
import { fleetTable } from '#domain/routing/fleet-table';
import { everPossible } from '#domain/routing/quote';
import { loadFleet, type Fleet } from '#activities/workloads/fleet';
import { loadAsk } from '#activities/workloads/work.sql';
import { one, rows } from '#platform/db/in-org';
import type { CloseCause } from '#workflows/grid/event.messages';
import type { EventDeps, EventRef, SystemTx } from './event-deps.ts';
import { countsOf, lockEvent, readEvent, type EventRow } from './event-rows.sql.ts';
import { raiseFor } from './event-states.ts';

export interface Picked {
  readonly newcomers: number;
  /** Affected and without an answer, newcomers included. */
  readonly pending: number;
  /** The grid closed the event and the signal is still on its way, or was lost. */
  readonly closed: CloseCause | null;
  /** Work is about to run in the zone: it will be affected in a moment. */
  readonly soon: boolean;
}

/** A workload of the directory, as far as picking needs it: ids and figures, no tenant's text. */
interface Candidate extends Surplus {
  readonly orgId: string;
  readonly powerW: number;
}

const PAGE = 200;
/** Of one look; the next look goes on with who is left. For a surplus each one's order is read, so they are fewer. */
const MOST_AT_ONCE = 5_000;
const MOST_READ = 500;

/** W-101: adds to the event's list whom it concerns and does not have yet. Nobody is ever taken off again. */
export async function pickAffected(tx: SystemTx, event: EventRef, routing: EventDeps['routing']): Promise<Picked> {
  const { em } = tx;
  await lockEvent(em, event);
  const row = await readEvent(em, event);
  if (row.closed) return { newcomers: 0, pending: 0, closed: row.closed, soon: false };
  const picked = await candidates(tx, event, row, routing);
  await insertAffected(tx, event, picked);
  await raiseFor(tx, event, row, picked.map(({ orgId }) => orgId));
  const { unanswered: pending } = await countsOf(em, event);
  return { newcomers: picked.length, pending, closed: null, soon: row.kind === 'shed' && (await startsSoon(tx, event)) };
}

async function candidates(tx: SystemTx, event: EventRef, row: EventRow, routing: EventDeps['routing']): Promise<Candidate[]> {
  switch (row.kind) {
    case 'shed':
      return shedCandidates(tx, event, row);
    case 'carbon-spike':
    case 'price-spike':
      return inDirectory(tx, event, sql`d.zone = ${event.zone} and d.state in ('running', 'checkpointing', 'moving')`);
    case 'absorb':
      return absorbCandidates(tx, event, await loadFleet(tx.em, routing));
    case 'stale-signal':
      return [];
  }
}

async function shedCandidates(tx: SystemTx, event: EventRef, { target }: EventRow): Promise<Candidate[]> {
  const { em } = tx;
  const loads = await inDirectory(tx, event, sql`d.zone = ${event.zone} and d.state in ('placing', 'running', 'checkpointing', 'moving') and d.shed_behaviour <> 'continue'`);
  const { shed_w } = await one(em, sql<{ shed_w: number }>`
    select coalesce(sum(power_w), 0)::int as shed_w from event_affected
     where zone = ${event.zone} and event_id = ${event.eventId} and (answer is null or answer in ('moved', 'paused', 'finished'))`);
  const flexibleW = loads.reduce((sum, { powerW }) => sum + powerW, shed_w);
  // What a percentage meant when the call came, for the response's share of its target.
  await rows(em, sql`
    update grid_events set target = coalesce(target, '{}') || jsonb_build_object('flexible_w', ${flexibleW}::int)
     where zone = ${event.zone} and id = ${event.eventId} and not coalesce(target, '{}') ? 'flexible_w'`);
  return pickForShed(loads, target, shed_w);
}

/** Waiting work first, then running work elsewhere, of whom each may run in the zone, up to its free GPUs. */
async function absorbCandidates(tx: SystemTx, event: EventRef, fleet: Fleet): Promise<Candidate[]> {
  const { free } = await one(tx.em, sql<{ free: number }>`
    select (select coalesce(sum(gpus - gpus_reserved), 0)::int from nodes where zone = ${event.zone} and state = 'online')
         - (select coalesce(sum(gpus), 0)::int from event_affected where zone = ${event.zone} and event_id = ${event.eventId} and answer is null and decision_id is null) as free`);
  if (free <= 0) return [];
  const waiting = await inDirectory(tx, event, sql`d.state in ('waiting', 'queued') and (d.not_before is null or d.not_before <= clock_timestamp()) and d.gpus <= ${free}`, MOST_READ);
  const elsewhere = await inDirectory(tx, event, sql`d.state = 'running' and d.zone <> ${event.zone} and d.gpus <= ${free}`, MOST_READ);
  const starting = await thatMayRun(tx, event, fleet, waiting, free);
  return pickForAbsorb(starting, await thatMayRun(tx, event, fleet, elsewhere, free - gpusOf(starting)), free);
}

/** As many of them, in their order, as fill the free GPUs: the rest need not be read. */
async function thatMayRun({ em, actAs }: SystemTx, { zone }: EventRef, fleet: Fleet, found: readonly Candidate[], free: number): Promise<Candidate[]> {
  const nodes = fleet.nodes().filter((node) => node.zone === zone);
  const able: Candidate[] = [];
  for (const candidate of found) {
    if (gpusOf(able) >= free) break;
    await actAs(candidate.orgId);
    const { ask } = await loadAsk(em, candidate.workloadId);
    if (everPossible(fleetTable(nodes, await fleet.zones(ask.policy.basis)), ask, fleet.time).nodes.length > 0) able.push(candidate);
  }
  return able;
}

const gpusOf = (candidates: readonly Candidate[]): number => candidates.reduce((sum, { gpus }) => sum + gpus, 0);

interface DirectoryRow {
  readonly workload_id: string;
  readonly org_id: string;
  readonly power_w: number;
  readonly gpus: number;
  readonly deadline: string | null;
}

async function inDirectory({ em }: SystemTx, { zone, eventId }: EventRef, which: ReturnType<typeof sql>, most = MOST_AT_ONCE): Promise<Candidate[]> {
  const found = await rows(em, sql<DirectoryRow>`
    select d.workload_id, d.org_id, d.power_w, d.gpus, d.deadline from workload_directory d
     where ${which} and not exists (select from event_affected a where a.zone = ${zone} and a.event_id = ${eventId} and a.workload_id = d.workload_id)
     order by d.deadline nulls last, d.workload_id limit ${most}`);
  return found.map((row) => ({
    workloadId: row.workload_id, orgId: row.org_id, powerW: row.power_w, gpus: row.gpus, deadlineMs: row.deadline === null ? null : Date.parse(row.deadline),
  }));
}

async function insertAffected({ em }: SystemTx, { zone, eventId }: EventRef, picked: readonly Candidate[]): Promise<void> {
  for (let from = 0; from < picked.length; from += PAGE) {
    const page = picked.slice(from, from + PAGE);
    await rows(em, sql`
      insert into event_affected (zone, event_id, workload_id, org_id, power_w, gpus, deadline)
      select ${zone}, ${eventId}, p.workload_id, p.org_id, p.power_w, p.gpus, p.deadline
        from unnest(${page.map(({ workloadId }) => workloadId)}::uuid[], ${page.map(({ orgId }) => orgId)}::uuid[], ${page.map(({ powerW }) => powerW)}::int[],
                    ${page.map(({ gpus }) => gpus)}::int[], ${page.map(({ deadlineMs }) => (deadlineMs === null ? null : new Date(deadlineMs).toISOString()))}::timestamptz[])
             with ordinality as p (workload_id, org_id, power_w, gpus, deadline, n)
       order by p.n on conflict do nothing`);
  }
}

const startsSoon = async ({ em }: SystemTx, { zone }: EventRef): Promise<boolean> =>
  (await rows(em, sql`select from reservations r join nodes n on n.id = r.node_id where n.zone = ${zone} and r.expires_at is not null limit 1`)).length > 0;
