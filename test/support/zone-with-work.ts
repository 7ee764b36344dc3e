/** A zone full of running work, as rows: what the incident agent reads. No node and no job is behind it. */
import { sql } from 'kysely';
import { GRID_ZONES } from '#domain/grid/zones';
import { gridEventId } from '#domain/grid/events';
import { mgPerKwh, microUsdPerMwh } from '#domain/quantities/quantities';
import { namedPolicy } from '#domain/routing/policy';
import type { ZoneView } from '#domain/routing/types';
import { rows, type Database, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import type { ShedTarget } from '#domain/incident/target';

export const POWER_W = 800;

export async function addZones({ inSystem }: Database): Promise<void> {
  await inSystem(async (em) => {
    for (const { zone, name, latitude, longitude, timeZone, residency, fallback } of GRID_ZONES)
      await rows(em, sql`
        insert into zones (key, name, latitude, longitude, time_zone, residency, sources, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
        values (${zone}, ${name}, ${latitude}, ${longitude}, ${timeZone}, ${residency}, '["simulated"]', ${fallback.intensity}, ${fallback.source}, ${fallback.year}) on conflict do nothing`);
  });
}

export async function addOrg({ inOrg }: Database, slug: string, kind = 'customer'): Promise<string> {
  const id = uuidv7();
  await inOrg(id, (em) => rows(em, sql`insert into organizations (org_id, slug, name, kind, home_zone, residency) values (${id}, ${slug}, ${slug}, ${kind}, 'FR', 'any')`));
  return id;
}

/** Online nodes of 8 H100 each. @returns their ids */
export async function addNodes({ inSystem }: Database, ownerId: string, zone: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await inSystem(async (em) => {
    for (const [n, id] of ids.entries())
      await rows(em, sql`
        insert into nodes (id, slug, owner_org_id, owner_kind, zone, gpu_model, gpu_memory_gb, gpus, price_micro_usd_per_gpu_hour, pue_e4, power_model, hardware, time_scale, state)
        values (${id}, ${`${zone.toLowerCase()}-${id.slice(-6)}-${n}`}, ${ownerId}, 'datacenter', ${zone}, 'h100-sxm-80', 80, 8, 2400000, 11500,
                ${JSON.stringify({ version: 'pm-1', hostIdleW: 500, hostMaxW: 1_200, gpuIdleW: 70, gpuMaxW: 700 })}::jsonb, 'simulated', 12, 'online')`);
  });
  return ids;
}

export interface NewWork {
  readonly orgId: string;
  readonly state?: 'running' | 'waiting' | 'queued' | 'paused' | 'placing';
  readonly nodeId?: string;
  readonly shed?: 'move_or_pause' | 'move' | 'pause' | 'continue';
  readonly zones?: readonly string[];
  readonly deadline?: string;
  readonly policy?: 'balanced' | 'carbon';
  readonly powerW?: number;
}

/** One workload of one GPU, with its segment and reservation where it runs. @returns its id */
export const addWork = (database: Database, work: NewWork): Promise<string> => database.inOrg(work.orgId, (em) => insertWork(em, work));

export async function insertWork(em: SqlEntityManager, { orgId, state = 'running', nodeId, shed = 'move_or_pause', zones, deadline, policy = 'balanced', powerW = POWER_W }: NewWork): Promise<string> {
  const id = uuidv7();
  const placed = nodeId !== undefined;
  const spec = {
    kind: 'fine_tune', program: null, resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 }, checkpoint: { supported: true, size_gb: 1, interval_s: 300 },
    schedule: { hard_deadline: false, flexible: false, ...(deadline && { deadline }) }, constraints: { residency: 'any', ...(zones && { zones }) }, shed_behaviour: shed, retries: 1, verify: false,
  };
  await rows(em, sql`
    insert into workloads (org_id, id, name, kind, spec, policy, state, node_id, zone, segment, fence, gpus, power_w, units_total, units_done, max_moves, deadline, correlation_id, run_started)
    select ${orgId}, ${id}, 'work', 'fine_tune', ${JSON.stringify(spec)}::jsonb, ${JSON.stringify(namedPolicy(policy))}::jsonb, ${state}, ${nodeId ?? null}::uuid,
           (select zone from nodes where id = ${nodeId ?? null}::uuid), ${placed ? 1 : 0}, ${placed ? 1 : 0}, 1, ${placed ? powerW : 0}, 36000, 600, 5, ${deadline ?? null}::timestamptz, 'test', true`);
  if (nodeId === undefined) return id;
  await rows(em, sql`
    insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version, energy_adder_micro_usd_per_mwh, pue_e4, time_scale, started_at, units_start)
    select ${orgId}, ${id}, 1, 1, n.id, n.owner_org_id, n.zone, 1, n.price_micro_usd_per_gpu_hour, 1, 0, n.pue_e4, n.time_scale, clock_timestamp(), 0 from nodes n where n.id = ${nodeId}`);
  await rows(em, sql`insert into reservations (workload_id, segment, org_id, node_id, gpus) values (${id}, 1, ${orgId}, ${nodeId}, 1)`);
  await rows(em, sql`update nodes set gpus_reserved = gpus_reserved + 1 where id = ${nodeId}`);
  return id;
}

/** The event as its detector or caller leaves it: open, before anybody acts. An id names the second (W-54): where that is taken, the next. */
export async function openEvent({ inSystem }: Database, zone: string, kind: 'shed' | 'absorb' | 'carbon-spike', target: ShedTarget | null = null): Promise<{ zone: string; eventId: string }> {
  for (;;) {
    const eventId = gridEventId(kind, Date.now());
    const [opened] = await inSystem((em) => rows(em, sql`
      insert into grid_events (zone, id, kind, start_at, cause, evidence, target)
      values (${zone}, ${eventId}, ${kind}, clock_timestamp(), 'test', '{"clauses":["test"]}', ${target ? JSON.stringify(target) : null}::jsonb)
      on conflict (zone, id) do nothing returning id`));
    if (opened) return { zone, eventId };
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

export const closeEvent = ({ inSystem }: Database, { zone, eventId }: { zone: string; eventId: string }) =>
  inSystem((em) => rows(em, sql`
    update grid_events set open = false, end_at = clock_timestamp(), evidence = evidence || '{"closed":{"cause":"call_ended"}}' where zone = ${zone} and id = ${eventId}`));

/** Constant signals, so that who moves where follows from the figures: g/kWh by zone, 60 USD/MWh everywhere. */
export const constantViews = (intensityG: Readonly<Record<string, number>>) => async (em: SqlEntityManager): Promise<ZoneView[]> => {
  const shedding = await rows(em, sql<{ zone: string }>`select zone from grid_events where kind = 'shed' and open`);
  return GRID_ZONES.map(({ zone, residency }) => {
    const grams = intensityG[zone] ?? 300;
    const hours = Array.from({ length: 72 }, () => grams * 1_000);
    return {
      zone, region: residency, shed: shedding.some((row) => row.zone === zone),
      signal: { intensityMgPerKwh: mgPerKwh(BigInt(grams * 1_000)), priceMicroUsdPerMwh: microUsdPerMwh(60_000_000n), refs: [], quality: 'final' as const, fresh: true },
      forecast: { intensityMgPerKwh: hours, priceMicroUsdPerMwh: hours.map(() => 60_000_000), origin: { intensity: 'source' as const, price: 'source' as const } },
    };
  });
};
