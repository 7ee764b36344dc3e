import type { GridEventKind } from '#domain/grid/event-rules';
import { targetInWords, type ShedTarget } from './target.ts';

export interface EventInWords {
  readonly title: string;
  readonly body: string;
}

const STORY: Readonly<Record<GridEventKind, (zone: string, target: ShedTarget | null) => EventInWords>> = {
  absorb: (zone) => ({
    title: `${zone} has surplus power`,
    body: `More clean power than ${zone} needs. Waiting work that may run there starts now; running work moves where that pays.`,
  }),
  shed: (zone, target) => ({
    title: `${zone} must shed load: ${targetInWords(target)}`,
    body: `Nothing new is placed in ${zone}. Flexible work there moves or pauses and comes back in order of deadline when the call ends.`,
  }),
  'carbon-spike': (zone) => ({
    title: `Carbon spike in ${zone}`,
    body: `Power in ${zone} is far dirtier than usual at this hour. Work there moves where the move pays for itself.`,
  }),
  'price-spike': (zone) => ({
    title: `Price spike in ${zone}`,
    body: `Power in ${zone} is far dearer than usual at this hour. Work there moves where the move pays for itself.`,
  }),
  'stale-signal': (zone) => ({
    title: `No fresh grid signal from ${zone}`,
    body: `New work may still be placed there on fallback figures. Nothing running moves in or out for lack of data.`,
  }),
};

/** What the alert of an event says, to somebody who has never seen the code; without any customer's name. */
export const eventInWords = (kind: GridEventKind, zoneName: string, target: ShedTarget | null): EventInWords => STORY[kind](zoneName, target);

/** "Carbon spike in FR", from the event's id: what the run's line in the Temporal Web UI begins with. */
export function eventSummary(eventId: string, zone: string): string {
  const kind = eventId.replace(/-\d{8}T\d{6}Z$/, '').replace('-', ' ');
  return `${kind[0]!.toUpperCase()}${kind.slice(1)} in ${zone}`;
}
