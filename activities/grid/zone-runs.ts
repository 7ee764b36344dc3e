import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { sql } from 'kysely';
import { rows, type Database } from '#platform/db/in-org';
import { unresolvedEvents } from '#platform/grid/event-store';
import { zoneAttribute } from '#workflows/common/attributes.messages';
import { eventClosed, eventConfirmed } from '#workflows/grid/event.messages';
import { incidentRun } from '#workflows/grid/incident-run.messages';
import { gridZoneWorkflowId, type GridZoneInput } from '#workflows/grid/zone.messages';

const RUN = { taskQueue: 'grid', workflowIdConflictPolicy: 'USE_EXISTING' } as const;

/** One run per zone, for ever: starting it again finds the one that runs. Called by the worker at start, and for zones that joined since. */
export async function startGridZones({ inSystem }: Database, client: Client, only: 'all' | 'new' = 'all'): Promise<void> {
  const zones = await inSystem((em) => rows(em, sql<{ key: string; name: string }>`
    select key, name from zones where ${only === 'all'} or not exists (select from grid_clock c where c.zone = zones.key) order by key`));
  for (const { key, name } of zones) {
    const input: GridZoneInput = { zone: key };
    await client.workflow.start('gridZone', {
      ...RUN, workflowId: gridZoneWorkflowId(key), args: [input], typedSearchAttributes: [{ key: zoneAttribute, value: key }],
      staticSummary: `Grid zone ${key} (${name})`, staticDetails: 'Every interval: fetch, store, detect. Opens and closes grid events.',
    });
  }
}

/**
 * Makes sure that each event of the zone that is not resolved has its incident agent, and that the agent knows what the grid
 * says by now. Starting and signalling twice change nothing, so what a crash cut off is done at the next tick.
 */
export async function tellIncidents({ inSystem }: Database, client: Client, zone: string, intervalS: number): Promise<void> {
  for (const { id, awaits, confirmed, closed } of await inSystem((em) => unresolvedEvents(em, zone))) {
    try {
      const run = await client.workflow.start('gridEvent', incidentRun(zone, id, intervalS * 1_000, awaits));
      if (confirmed && awaits) await run.signal(eventConfirmed);
      if (closed) await run.signal(eventClosed, { cause: closed });
    } catch (error) {
      // Its run is over and has only to be seen as resolved.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
