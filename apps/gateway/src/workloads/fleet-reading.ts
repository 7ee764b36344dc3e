import { readyOf, type Ready } from '#domain/routing/ready';
import type { NodeOffer, ZoneView } from '#domain/routing/types';
import type { Basis } from '#domain/routing/words';
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
