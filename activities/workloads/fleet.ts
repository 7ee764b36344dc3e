import canonicalize from 'canonicalize';
import { sql } from 'kysely';
import { fleetTable } from '#domain/routing/fleet-table';
import { plainJson, type Sha256Of } from '#domain/routing/inputs';
import { hoursByZone, type Ready } from '#domain/routing/ready';
import type { RoutingInput } from '#domain/routing/contract';
import type { NodeOffer, RoutingTime, ZoneView } from '#domain/routing/types';
import type { Basis } from '#domain/routing/words';
import { one, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { sha256Hex } from '#platform/signing/sha256';
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
  /** As it stands now: what is decided next reads this, and a later count makes another. */
  readonly snapshot: (basis: Basis) => Promise<Snapshot>;
  /** Writes a node's count into the reading: after a reservation of ours, or after a lost race. */
  readonly count: (slug: string, gpusReserved: number) => void;
}

export interface Snapshot extends Pick<RoutingInput, 'nodes' | 'zones'> {
  readonly ready: Ready;
  /** `fleet_sha256` of W-77, computed when it is first asked for. */
  readonly sha256: () => string;
}

/** @returns all nodes at once; zones by basis when first asked for. The database's clock says when it is. */
export async function loadFleet(em: SqlEntityManager, deps: RoutingDeps): Promise<Fleet> {
  const { now_ms } = await one(em, sql<{ now_ms: string }>`select round(extract(epoch from clock_timestamp()) * 1000) as now_ms`);
  const offers = new Map((await loadOffers(em)).sort((a, b) => (a.slug < b.slug ? -1 : 1)).map((node) => [node.slug, node]));
  const views = new Map<Basis, Promise<ZonesRead>>();
  const zonesOf = (basis: Basis) => views.get(basis) ?? remember(views, basis, deps.zoneViews(em, basis).then(zonesRead));
  const snapshots = new Map<Basis, Snapshot>();
  const nodeSha256 = remembered((node: NodeOffer) => sha256Of(plainJson(node)));
  return {
    time: { nowMs: Number(now_ms), intervalMs: deps.intervalMs, nodeSecondsPerSecond: deps.nodeSecondsPerSecond },
    codeVersion: deps.codeVersion,
    nodes: () => [...offers.values()],
    nodeOf: (slug) => offers.get(slug)!,
    zones: async (basis) => (await zonesOf(basis)).zones,
    snapshot: async (basis) => {
      const zones = await zonesOf(basis);
      return snapshots.get(basis) ?? remember(snapshots, basis, snapshotOf([...offers.values()], zones, nodeSha256));
    },
    count: (slug, gpusReserved) => {
      offers.set(slug, { ...offers.get(slug)!, gpusReserved });
      snapshots.clear();
    },
  };
}

interface ZonesRead {
  readonly zones: readonly ZoneView[];
  readonly hoursOf: Ready['hoursOf'];
  readonly sha256: () => string;
}

function zonesRead(zones: readonly ZoneView[]): ZonesRead {
  const byName = () => [...zones].sort((a, b) => (a.zone < b.zone ? -1 : 1));
  return { zones, hoursOf: hoursByZone(zones), sha256: once(() => sha256Of(plainJson(byName()))) };
}

/** `fleetSha256`, of parts that are kept: a node counted anew is hashed anew, the others are not. */
function snapshotOf(nodes: readonly NodeOffer[], { zones, hoursOf, sha256 }: ZonesRead, nodeSha256: (node: NodeOffer) => string): Snapshot {
  return { nodes, zones, sha256: once(() => sha256Of({ nodes: nodes.map(nodeSha256), zones: sha256() })), ready: { table: fleetTable(nodes, zones), hoursOf } };
}

/** Of a value's RFC 8785 bytes. */
export const sha256Of: Sha256Of = (value) => sha256Hex(canonicalize(value)!);

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function remembered<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

export const routingInput = (fleet: Fleet, { nodes, zones, ready }: Snapshot, { ask }: Work, trigger: string): RoutingInput =>
  ({ id: uuidv7(fleet.time.nowMs), codeVersion: fleet.codeVersion, trigger, time: fleet.time, nodes, zones, ask, ready });
