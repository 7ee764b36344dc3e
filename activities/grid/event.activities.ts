import { heartbeat, sleep } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { EventCounts } from '#domain/incident/answers';
import type { GridEventLimits } from '#workflows/grid/event.messages';
import { incidentRun } from '#workflows/grid/incident-run.messages';
import { pickAffected, type Picked } from './event-affected.ts';
import { decidePage } from './event-decide.ts';
import type { EventDeps, EventRef } from './event-deps.ts';
import { letGo, stepOver, wakeQueued } from './event-over.ts';
import { measureResponse } from './event-response.ts';
import { rollOver } from './event-roll.ts';
import { recordState, type StateChange } from './event-states.ts';
import { stepWindow } from './event-window.ts';

export type EventActivities = ReturnType<typeof createEventActivities>;

/** How long one call watches before it gives the run the counts, and how often it looks. */
const WATCH_MS = 20_000;
const LOOK_MS = 150;

/** Every method may run twice: what the first run stored is what the second one finds. */
export function createEventActivities(deps: EventDeps) {
  const { database: { inSystem }, routing, temporal } = deps;
  return {
    recordState: (event: EventRef, change: StateChange): Promise<EventCounts> => inSystem((em, actAs) => recordState({ em, actAs }, event, change)),

    pickAffected: (event: EventRef): Promise<Picked> => inSystem((em, actAs) => pickAffected({ em, actAs }, event, routing)),

    /** @returns where the next page begins, or null at the end */
    decidePage: (event: EventRef, after: string, { pageSize }: Pick<GridEventLimits, 'pageSize'>): Promise<string | null> =>
      inSystem((em, actAs) => decidePage({ em, actAs }, event, routing, after, pageSize)),

    /** Works the sliding window until all who were asked have answered, the event closes where that matters, or it is time to show the counts. */
    async tellAndCollect(event: EventRef, limits: GridEventLimits, untilClosed: boolean): Promise<{ counts: EventCounts; asked: number }> {
      for (const until = Date.now() + WATCH_MS; ; await sleep(LOOK_MS)) {
        heartbeat();
        const { counts, asked, closed } = await stepWindow(deps, event, limits);
        if (asked === 0 || (closed && untilClosed) || Date.now() >= until) return { counts, asked };
      }
    },

    letGo: (event: EventRef): Promise<void> => inSystem((em, actAs) => letGo({ em, actAs }, event)),

    /** Tells everybody that it is over, paused work at the zone's pace. @returns how many are still to be told */
    async tellOver(event: EventRef, { windowSize }: GridEventLimits): Promise<number> {
      for (const until = Date.now() + WATCH_MS; ; ) {
        heartbeat();
        const { untold, waitMs } = await stepOver(deps, event, windowSize);
        if (untold === 0 || Date.now() >= until) return untold;
        await sleep(Math.min(waitMs, 1_000));
      }
    },

    wakeQueued: (event: EventRef): Promise<void> => wakeQueued(deps, event),

    measureResponse: (event: EventRef): Promise<void> => inSystem((em, actAs) => measureResponse({ em, actAs }, event)),

    async rollOver(event: EventRef, { intervalMs }: GridEventLimits): Promise<void> {
      const { zone, eventId } = await inSystem((em, actAs) => rollOver({ em, actAs }, event));
      await temporal.workflow.start('gridEvent', incidentRun(zone, eventId, intervalMs)).catch(unlessItRanAlready);
    },
  };
}

/** A second try finds the successor that the first one started, also where that one is over by now. */
function unlessItRanAlready(error: unknown): void {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
}
