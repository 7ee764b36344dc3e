import { readyOf, type Ready } from '#domain/routing/situation';
import type { Basis, NodeOffer, ZoneView } from '#domain/routing/types';
import type { SqlEntityManager } from '#platform/db/in-org';
import { currentView } from '#platform/grid/zone-view';
import { loadOffers } from '#platform/workloads/offers';

/** Fleet and grid in one basis, as orders are weighed against them; nothing of any tenant's. */
export interface FleetReading {
  readonly basis: Basis;
  readonly nodes: readonly NodeOffer[];
  readonly zones: readonly ZoneView[];
  readonly ready: Ready;
}

export async function readFleet(em: SqlEntityManager, basis: Basis): Promise<FleetReading> {
  const [nodes, zones] = [await loadOffers(em), await currentView(em, basis)];
  return { basis, nodes, zones, ready: readyOf(nodes, zones) };
}

/** One reading for all who ask before it begins. Who asks while one is under way shares the next, so nobody gets a state from before his question. */
export function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = () => {
    next = undefined;
    return read();
  };
  return () => {
    next ??= last.then(begin, begin);
    last = next;
    return next;
  };
}
