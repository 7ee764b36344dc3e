/**
 * The incident agent: one grid event from its first sign to the last answer.
 *
 * Guarantees: every affected workload is decided once, told at most twice and counted under exactly one answer; not more
 * than `windowSize` are told and silent at a time; paused work comes back at the zone's pace. Ends: RESOLVED, when the grid
 * says it is over, when it faded before it counted, or after `maxLifeMs` as `rolled` into a successor.
 */
import { condition, continueAsNew, setCurrentDetails, setHandler, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { versioned } from '#workflows/common/versioning';
import { eventClosed, eventConfirmed, gridEventView, type CloseCause, type GridEventInput } from './event.messages.ts';
import { changed, detailsOf, FIRST, type EventCause, type EventState, type EventView } from './event.state.ts';
import { decidePage, letGo, measureResponse, pickAffected, recordState, rollOver, tellAndCollect, tellOver, wakeQueued } from './event.steps.ts';

/** How soon work that is on its way into the zone, or between two nodes, is looked at again. */
const IN_TRANSIT_MS = 2_000;

// Always over within 25 h, so it ends on the version that it began with.
setWorkflowOptions(versioned('PINNED'), gridEvent);
export async function gridEvent(input: GridEventInput): Promise<EventView> {
  const { zone, eventId, limits, carried } = input;
  const event = { zone, eventId };
  let view: EventView = carried?.view ?? FIRST;
  let confirmed = !input.awaitsConfirmation || carried !== undefined;
  let over: CloseCause | null = null;
  setHandler(gridEventView, () => view);
  setHandler(eventConfirmed, () => void (confirmed = true));
  setHandler(eventClosed, ({ cause }) => void (over ??= cause));

  const show = (next: EventView): EventView => {
    view = next;
    setCurrentDetails(detailsOf(view));
    return view;
  };
  const record = async () => show({ ...view, counts: await recordState(event, view) });
  const enter = (state: EventState, cause: EventCause) => {
    show(changed(view, state, cause));
    return record();
  };
  /** One stretch of the sliding window. @returns how many have still to answer */
  const answers = async (untilClosed: boolean): Promise<number> => {
    const { counts, asked } = await tellAndCollect(event, limits, untilClosed);
    show({ ...view, counts });
    return asked;
  };

  show(view);
  if (!carried) {
    await record();
    await condition(() => confirmed || over !== null, limits.maxLifeMs);
    if (!confirmed) return enter('RESOLVED', 'not_confirmed');
    await enter('ANOMALY_DETECTED', 'confirmed');
    await enter('EVALUATING', 'opened');
  }
  const endsAtMs = carried?.endsAtMs ?? Date.now() + limits.maxLifeMs;
  while (over === null && Date.now() < endsAtMs) {
    const { newcomers, pending, soon, closed } = await pickAffected(event);
    over ??= closed;
    if (view.state === 'ADAPTING' && newcomers > 0) await enter('EVALUATING', 'newcomers');
    if (view.state === 'EVALUATING') await enter('ADAPTING', 'picked');
    for (let after: string | null = pending > 0 ? '0' : null; over === null && after !== null; ) after = await decidePage(event, after, limits);
    while (over === null && pending > 0 && (await answers(true)) > 0);
    if (over === null && workflowInfo().historyLength > limits.historyEvents) return continueAsNew<typeof gridEvent>({ ...input, carried: { view, endsAtMs } });
    // Work in transit is looked at again soon: it is decided when it has arrived.
    const pauseMs = soon || view.counts.decided < view.counts.affected ? Math.min(IN_TRANSIT_MS, limits.intervalMs) : limits.intervalMs;
    if (over === null) await condition(() => over !== null, Math.min(pauseMs, Math.max(1, endsAtMs - Date.now())));
  }

  if (over === null) {
    await rollOver(event, limits);
    return enter('RESOLVED', 'rolled');
  }
  await letGo(event);
  await Promise.all([lastAnswers(), lastWords()]);
  await measureResponse(event);
  return enter('RESOLVED', over);

  async function lastAnswers(): Promise<void> {
    while ((await answers(false)) > 0);
  }
  async function lastWords(): Promise<void> {
    while ((await tellOver(event, limits)) > 0);
    await wakeQueued(event);
  }
}
