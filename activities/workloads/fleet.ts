import { sql } from 'kysely';
import type { Basis, NodeOffer, RoutingInput, RoutingTime, ZoneView } from '#domain/routing/types';
import { one, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { loadOffers } from '#platform/workloads/offers';
import type { Work } from './work.sql.ts';

/** What deciding needs from outside a workload's own row. */
export interface RoutingDeps {
  /** The zones' newest usable signals and forecasts in one basis (W-61). */
  readonly zoneViews: (em: SqlEntityManager, basis: Basis) => Promise<readonly ZoneView[]>;
  readonly intervalMs: number;
  /** Node seconds per wall second (W-27). */
  readonly nodeSecondsPerSecond: number;
  readonly codeVersion: string;
}

/** One reading of all nodes and zones, shared by a page of decisions; counts are kept up as the page reserves. */
export interface Fleet {
  readonly time: RoutingTime;
  readonly codeVersion: string;
  readonly nodes: () => readonly NodeOffer[];
  readonly nodeOf: (slug: string) => NodeOffer;
  readonly zones: (basis: Basis) => Promise<readonly ZoneView[]>;
  /** Writes a node's count into the reading: after a reservation of ours, or after a lost race. */
  readonly count: (slug: string, gpusReserved: number) => void;
}

/** @returns all nodes at once; zones by basis when first asked for. The database's clock says when it is. */
export async function loadFleet(em: SqlEntityManager, deps: RoutingDeps): Promise<Fleet> {
  const { now_ms } = await one(em, sql<{ now_ms: string }>`select round(extract(epoch from clock_timestamp()) * 1000) as now_ms`);
  const offers = new Map((await loadOffers(em)).map((node) => [node.slug, node]));
  const views = new Map<Basis, Promise<readonly ZoneView[]>>();
  return {
    time: { nowMs: Number(now_ms), intervalMs: deps.intervalMs, nodeSecondsPerSecond: deps.nodeSecondsPerSecond },
    codeVersion: deps.codeVersion,
    nodes: () => [...offers.values()],
    nodeOf: (slug) => offers.get(slug)!,
    zones: (basis) => views.get(basis) ?? remember(views, basis, deps.zoneViews(em, basis)),
    count: (slug, gpusReserved) => void offers.set(slug, { ...offers.get(slug)!, gpusReserved }),
  };
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

export const routingInput = async (fleet: Fleet, { ask }: Work, trigger: string): Promise<RoutingInput> => ({
  id: uuidv7(fleet.time.nowMs), codeVersion: fleet.codeVersion, trigger, time: fleet.time, nodes: fleet.nodes(), zones: await fleet.zones(ask.policy.basis), ask,
});
