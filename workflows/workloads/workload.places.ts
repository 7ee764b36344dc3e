import { CancellationScope } from '@temporalio/workflow';
import type { PauseReason } from '#domain/workload/states';
import type { AskedAction, RerouteRequest } from './workload.state.ts';
import { checkpointSource, decideLeave, decideReroute, dropTarget, pauseJob, place, startJob, stopSource } from './workload.steps.ts';
import type { TargetSegment } from './workload.messages.ts';
import { unless, type Run } from './workload.run.ts';

/** After a node that did not start the job: long enough not to hammer it, short enough for who waits. */
const BREATH_MS = 2_000;

export async function findNode(run: Run, mayWait: boolean): Promise<void> {
  const found = await place({ ...run.ref, mayWait });
  // Who asked for a place while this look still preferred to wait gets a look of its own.
  if (!mayWait || found.outcome !== 'waiting') run.inbox.routeNow = false;
  if (found.outcome === 'placed') await start(run, found.target, found.decisionId);
  else if (found.outcome === 'ended') run.inbox.ending = found.reason;
  else {
    const wakeInMs = found.eachInterval ? Math.min(found.wakeInMs, run.limits.intervalMs) : found.wakeInMs;
    run.on(found.outcome === 'waiting' ? 'awaited' : 'noNode', { decisionId: found.decisionId, node: null, wakeAtMs: Date.now() + wakeInMs });
  }
}

/** A cancel does not wait for the start; the activity undoes what it began when it finds the segment closed. */
export async function start(run: Run, node: TargetSegment, decisionId: string | null): Promise<boolean> {
  run.on('placed', { node, decisionId });
  const started = await unless(() => run.inbox.ending !== null, () => startJob({ ...run.ref, node, source: null, limits: run.limits }));
  if (started === 'running') run.on('started');
  if (started === 'not_started') run.on('notStarted', { node: null, wakeAtMs: Date.now() + BREATH_MS });
  return started === 'running';
}

/** W-75. Whatever happens, one of the two nodes is given back: until the target runs it is the target, from then on the source. */
export async function move(run: Run, { decisionId }: AskedAction, target: TargetSegment): Promise<boolean> {
  const { inbox, ref, limits } = run;
  const source = run.view.node!;
  const pointless = () => inbox.ending !== null || inbox.followed !== null;
  let undo = () => dropTarget({ ...ref, node: target, goesOn: inbox.ending === null });
  try {
    run.on('checkpointing', { decisionId });
    if ((await unless(pointless, () => checkpointSource({ ...ref, node: source, target }))) !== 'saved') return false;
    run.on('moving');
    if ((await unless(pointless, () => startJob({ ...ref, node: target, source, limits }))) !== 'running') return false;
    run.on('started', { node: target });
    inbox.followed = null;
    undo = () => stopSource({ ...ref, node: source });
    return true;
  } finally {
    await CancellationScope.nonCancellable(() => undo());
    if (run.view.node === source) run.on('rolledBack');
  }
}

/** Saves the job and frees its GPUs. `drain`, `quarantine`: the node is left, the work looks for another at once. */
export async function rest(run: Run, reason: PauseReason | 'drain' | 'quarantine'): Promise<boolean> {
  const { inbox } = run;
  const rested = await pauseJob({ ...run.ref, segment: run.view.node!.segment, reason });
  inbox.pause = null;
  if (rested.outcome === 'unchanged') return false;
  inbox.followed = null;
  if (rested.outcome === 'ended') inbox.ending = rested.reason;
  else if (rested.outcome === 'displaced') run.on('displaced', { node: null, wakeAtMs: 0 });
  else run.on('paused', { reason: reason as PauseReason, node: null, wakeAtMs: Date.now() + run.limits.pausedTooLongMs });
  return rested.outcome === 'paused';
}

export async function leave(run: Run, cause: 'drain' | 'quarantine'): Promise<void> {
  run.inbox.leave = null;
  // A node that is not believed is not asked to save: the work goes on from the save before.
  if (cause === 'quarantine') return void (await rest(run, cause));
  const decided = await decideLeave(run.ref);
  const moved = 'target' in decided && decided.target ? await move(run, decided, decided.target) : false;
  // Nowhere to go, or it did not work out: the node is left all the same, and the work waits for another.
  if (!moved && run.view.state === 'running' && !run.inbox.ending && !run.inbox.followed) await rest(run, 'drain');
}

export async function reroute(run: Run, request: RerouteRequest): Promise<void> {
  const { mode, targetNodeId } = request;
  const decided = await decideReroute({ ...run.ref, mode, ...(targetNodeId !== undefined && { targetNodeId }) });
  run.inbox.reroute = null;
  request.answer = 'refused' in decided ? decided : { decisionId: decided.decisionId };
  if ('target' in decided && decided.target) await move(run, decided, decided.target);
}

/** Does what others decided and reserved for it. @returns what a grid event hears */
export async function act(run: Run, action: AskedAction): Promise<'moved' | 'paused' | 'started' | 'kept' | 'finished' | 'refused'> {
  const { target } = action;
  const { state, node } = run.view;
  if (target && target.segment === node?.segment) return action.action === 'start' ? 'started' : 'moved';
  const isOver = () => run.inbox.ending !== null || run.inbox.followed !== null;
  const pauseForShed = async () => ((await rest(run, 'shed')) ? 'paused' : isOver() ? 'finished' : 'kept');
  if (action.action === 'move' && target && state === 'running') {
    if (await move(run, action, target)) return 'moved';
    if (isOver()) return 'finished';
    // W-74: rolled back, it would go on drawing power in a zone that has to shed it.
    return isShed(action) ? pauseForShed() : 'kept';
  }
  if (action.action === 'pause' && state === 'running') return pauseForShed();
  if (action.action === 'pause' && state === 'paused') return 'paused';
  if (action.action === 'start' && target && state !== 'running' && state !== 'paused') return (await start(run, target, action.decisionId)) ? 'started' : 'kept';
  // It came too late: what it reserved is given back.
  if (target) await dropTarget({ ...run.ref, node: target, goesOn: true });
  return 'refused';
}

/** An event's name begins with its kind (W-54). */
const isShed = ({ event }: AskedAction): boolean => event?.eventId.startsWith('shed-') ?? false;
