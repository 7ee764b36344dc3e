import { type FleetTable, fleetTable } from './fleet-table.ts';
import { type ZoneHours, zoneHours } from './hours.ts';
import type { NodeOffer, ZoneView } from './types.ts';

/** Fleet and grid made ready for decisions, which are many over one reading where a page is decided. */
export interface Ready {
  readonly table: FleetTable;
  readonly hoursOf: (zone: string) => ZoneHours | null;
}

export const readyOf = (nodes: readonly NodeOffer[], zones: readonly ZoneView[]): Ready => ({ table: fleetTable(nodes, zones), hoursOf: hoursByZone(zones) });

/** The zones' hours, summed. */
export const hoursByZone = (zones: readonly ZoneView[]): ((zone: string) => ZoneHours | null) => {
  const all = new Map(zones.map((view) => [view.zone, zoneHours(view)]));
  return (zone) => all.get(zone) ?? null;
};
