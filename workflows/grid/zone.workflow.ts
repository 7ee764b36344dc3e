/**
 * A grid zone: every interval fetch → store → detect (W-55), then look again at the work that runs there (W-68).
 *
 * Guarantees: intervals are stored in order, one at a time; a failed tick never stops the zone; what an operator asks for
 * (advance, refresh) is done between ticks and answered when it is stored. Ends: never; continued as new at least daily.
 */
import { allHandlersFinished, ApplicationFailure, condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { GridActivities } from '#activities/grid/grid.activities';
import type { WorkloadActivities } from '#activities/workloads/workloads.activities';
import { advanceZone, callChanged, refreshZone, zoneView, type CycleResult, type GridZoneInput } from './zone.messages.ts';
import { detailsOf, firstView, isOld, stored, troubled } from './zone.state.ts';
import { isLong } from '../common/history.ts';
import { versioned } from '../common/versioning.ts';

// Slow sources may take 12 s an interval, and a tick catches up several; after that the next tick goes on where this one stopped.
const patient = proxyActivities<GridActivities>({ startToCloseTimeout: '3m', retry: { initialInterval: '500ms', maximumInterval: '5s', maximumAttempts: 3 }, summary: 'Fetch, store, look for events' });
// Somebody waits for the answer.
const asked = proxyActivities<GridActivities>({ startToCloseTimeout: '60s', retry: { initialInterval: '200ms', maximumAttempts: 3 }, summary: 'Do what an operator asked for' });
const reviewing = proxyActivities<WorkloadActivities>({ taskQueue: 'workloads', startToCloseTimeout: '3m', heartbeatTimeout: '30s', retry: { initialInterval: '500ms', maximumAttempts: 3 }, summary: 'Look again at running work' });

/** Zones do not all ask at the same moment; the bar of W-146 leaves a second for it. */
const JITTER_MS = 1_000;
const AFTER_TROUBLE_MS = 5_000;

interface Ask {
  readonly run: () => Promise<CycleResult>;
  done: boolean;
  result?: CycleResult;
  failure?: unknown;
}

setWorkflowOptions(versioned('AUTO_UPGRADE'), gridZone);
export async function gridZone({ zone, carried }: GridZoneInput): Promise<never> {
  let view = carried ?? firstView(zone);
  const queue: Ask[] = [];
  let dueAt = 0;
  let looking = false;
  const begun = Date.now();
  const show = (next: typeof view) => {
    view = next;
    setCurrentDetails(detailsOf(view));
  };
  const inTurn = async (run: () => Promise<CycleResult>): Promise<CycleResult> => {
    const ask: Ask = { run, done: false };
    queue.push(ask);
    await condition(() => ask.done);
    if (ask.result) return ask.result;
    throw ask.failure;
  };

  setHandler(zoneView, () => view);
  setHandler(callChanged, () => void (looking = true));
  setHandler(refreshZone, () => inTurn(() => asked.refreshZone(zone)));
  setHandler(advanceZone, ({ steps }: { readonly steps: number }) => inTurn(() => asked.advanceZone(zone, steps)), { validator: refuseBadSteps });

  show(view);
  for (let ticks = 0; !isOld(ticks, Date.now() - begun, isLong(workflowInfo())) || queue.length > 0; ) {
    const next = queue.shift();
    if (next) {
      await serve(next);
      continue;
    }
    if (!looking && dueAt > Date.now() && (await condition(() => queue.length > 0 || looking, dueAt - Date.now()))) continue;
    ticks += 1;
    looking = false;
    try {
      const tick = await patient.tickZone(zone);
      show(stored(view, tick));
      if (tick.nextDueMs > 0) dueAt = Date.now() + tick.nextDueMs + Math.floor(Math.random() * JITTER_MS);
      if (tick.rows > 0) await reviewing.reviewWorkloads({ zone, intervalStart: tick.intervalStart });
    } catch (error) {
      show(troubled(view, error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)));
      dueAt = Date.now() + AFTER_TROUBLE_MS;
    }
  }
  await condition(allHandlersFinished);
  return continueAsNew<typeof gridZone>({ zone, carried: view });

  async function serve(ask: Ask): Promise<void> {
    try {
      ask.result = await ask.run();
      show(stored(view, ask.result));
    } catch (error) {
      ask.failure = error;
    }
    ask.done = true;
  }
}

function refuseBadSteps({ steps }: { readonly steps: number }): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > 48) throw ApplicationFailure.nonRetryable(`steps is 1 to 48, it is ${steps}`, 'invalid-request');
}
