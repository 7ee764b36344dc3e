/**
 * A workload from its acceptance to the settled end.
 *
 * Guarantees: at most one segment does billed work; whatever it holds is given back, however it ends; what it was told is
 * heeded once, also across continue-as-new. Ends: completed, failed, cancelled, expired, each with its reason.
 */
import { allHandlersFinished, CancellationScope, condition, continueAsNew, isCancellation, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { Followed } from '#activities/workloads/job-ends';
import { endOf, type EndReason } from '#domain/workload/states';
import { isLong } from '../common/history.ts';
import { versioned } from '../common/versioning.ts';
import { listen } from './workload.handlers.ts';
import type { WorkloadInput } from './workload.messages.ts';
import { act, findNode, leave, reroute, rest } from './workload.places.ts';
import { begin, type Run } from './workload.run.ts';
import { eventKey, type Inbox, nextTask, type WorkloadView } from './workload.state.ts';
import { amend, answerEvent, settle, stopJob } from './workload.steps.ts';

// It may live for weeks: a new version of the worker takes it over (O-56).
setWorkflowOptions(versioned('AUTO_UPGRADE'), workload);
export async function workload(input: WorkloadInput): Promise<WorkloadView> {
  const run = begin(input, Date.now());
  listen(run, { amend: (change) => amend({ ...run.ref, ...change }) });

  const reason = await live(run, input).catch((error: unknown) => {
    // Somebody cancelled the run itself, in Temporal: that is an operator, and the books are written all the same.
    if (isCancellation(error)) return CancellationScope.nonCancellable(() => stop(run, 'by_operator'));
    throw error;
  });
  return CancellationScope.nonCancellable(() => end(run, reason));
}

/** One task after another, until one of them is the end. */
async function live(run: Run, input: WorkloadInput): Promise<EndReason> {
  for (;;) {
    const task = nextTask(run, Date.now());
    if (run.view.state === 'running' && run.view.node) run.watch(run.view.node);
    switch (task.do) {
      case 'place':
        await findNode(run, task.mayWait);
        break;
      case 'heed': {
        const over = heed(run, task.followed);
        if (over) return over;
        break;
      }
      case 'pause':
        await rest(run, task.reason);
        break;
      case 'resume':
        run.inbox.resume = false;
        run.on('resumed', { wakeAtMs: 0 });
        break;
      case 'reroute':
        await reroute(run, task.request);
        break;
      case 'leave':
        await leave(run, task.cause);
        break;
      case 'act': {
        run.inbox.actions.shift();
        const answer = await act(run, task.action);
        if (task.action.event) await answerEvent({ ...run.ref, event: task.action.event, decisionId: task.action.decisionId, answer });
        if (task.action.event && run.view.state === 'paused' && run.inbox.over.includes(eventKey(task.action.event))) run.inbox.resume = true;
        break;
      }
      case 'wait':
        if (mayContinueAsNew()) await continueAsNew<typeof workload>({ ...input, carried: { view: run.view, answeredEvents: run.inbox.events, startedAtMs: run.startedAtMs } });
        await untilSomethingToDo(run, task.untilMs);
        break;
      case 'end':
        return stop(run, task.reason);
    }
  }
}

/** Only where nothing is under way and nothing unread: what is told in between is kept by the server for the next run. */
const mayContinueAsNew = () => isLong(workflowInfo()) && allHandlersFinished();

async function untilSomethingToDo(run: Run, untilMs: number | null): Promise<void> {
  const isAwake = () => nextTask(run, Date.now()).do !== 'wait' || mayContinueAsNew();
  if (untilMs === null) await condition(isAwake);
  else await condition(isAwake, Math.max(1, untilMs - Date.now()));
}

function heed(run: Run, followed: Followed): EndReason | null {
  run.inbox.followed = null;
  if (followed.outcome === 'completed') return 'finished';
  if (followed.outcome === 'ended') return followed.reason;
  if (followed.outcome === 'overdue') run.inbox.ending = followed.reason;
  if (followed.outcome === 'displaced') {
    refuseReroute(run.inbox);
    run.on('displaced', { node: null, wakeAtMs: 0 });
  }
  return null;
}

function refuseReroute(inbox: Inbox): void {
  if (inbox.reroute) inbox.reroute.answer = { refused: 'invalid-transition' };
  inbox.reroute = null;
}

/** The job may have finished in the same moment: the activity finds out, and its answer is the end. */
async function stop(run: Run, reason: EndReason): Promise<EndReason> {
  return (await stopJob({ ...run.ref, reason })).reason;
}

async function end(run: Run, reason: EndReason): Promise<WorkloadView> {
  const { inbox, ref, limits } = run;
  run.on('ending', { reason });
  refuseReroute(inbox);
  await settle({ ...ref, reason, limits });
  for (const { event, decisionId } of inbox.actions) if (event) await answerEvent({ ...ref, event, decisionId, answer: 'finished' });
  run.on(endOf(reason), { reason });
  await condition(allHandlersFinished);
  return run.view;
}
