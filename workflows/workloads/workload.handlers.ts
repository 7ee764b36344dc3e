import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { allowedCommands, refusal, standing, type Command } from '#domain/workload/commands';
import { isEnd } from '#domain/workload/states';
import { amend, cancel, decided, energyReported, gridEventClosed, gridEventOpened, nodeChanged, pause, reroute, resume, route, workloadState } from './workload.messages.ts';
import type { CommandInput, CommandResult } from './workload.messages.ts';
import { eventKey, type Life, type RerouteRequest } from './workload.state.ts';

/** Whoever commands hears what came of it, but is not kept longer than this: then the command is under way, and stays so. */
const ANSWER_WITHIN_MS = 4_000;

/** What is handed in, because handlers change nothing outside by themselves. */
export interface Amends {
  readonly amend: (change: { readonly labels?: Readonly<Record<string, string>>; readonly budget?: Readonly<Record<string, unknown>> }) => Promise<void>;
}

/** All handlers, before the first await of the run: they write into the inbox, and the story does the work. */
export function listen(life: Life, { amend: writeAmendment }: Amends): void {
  const { inbox } = life;
  const result = (changed: boolean): CommandResult => ({ state: life.view.state, changed });
  const isDone = (command: Command) => standing(life.view.state, command) === 'done';
  const unless = (command: Command) => ({ validator: (_input: CommandInput) => refuse(life, command) });

  setHandler(workloadState, () => life.view);
  setHandler(gridEventOpened, (asked) => {
    if (inbox.events.includes(eventKey(asked))) return;
    inbox.events.push(eventKey(asked));
    inbox.actions.push({ ...asked, event: { zone: asked.zone, eventId: asked.eventId } });
  });
  setHandler(gridEventClosed, ({ resume: resumes, ...event }) => {
    if (resumes) inbox.over.push(eventKey(event));
    if (resumes && life.view.state === 'paused' && life.view.reason === 'shed') inbox.resume = true;
    if (life.view.state === 'queued') inbox.routeNow = true;
  });
  setHandler(decided, (action) => void (inbox.actions.some(({ decisionId }) => decisionId === action.decisionId) || inbox.actions.push(action)));
  setHandler(nodeChanged, ({ nodeId, state }) => {
    if (nodeId !== life.view.node?.nodeId) return;
    if (state === 'draining' || state === 'quarantined') inbox.leave = state === 'draining' ? 'drain' : 'quarantine';
    else inbox.leave = null;
  });
  setHandler(energyReported, () => void (inbox.pause ??= 'budget'));

  setHandler(cancel, async ({ by }: CommandInput) => {
    const first = inbox.ending === null && !isOver(life);
    if (first) inbox.ending = by === 'operator' ? 'by_operator' : 'by_customer';
    await condition(() => isOver(life), ANSWER_WITHIN_MS);
    // A job that ended in the same moment may have won: then nothing was cancelled.
    return result(first && (!isOver(life) || isCancelled(life)));
  }, { validator: (_input: CommandInput) => void (isCancelled(life) || refuse(life, 'cancel')) });

  setHandler(pause, async ({ by }: CommandInput) => {
    if (isDone('pause') || inbox.pause) return result(false);
    inbox.pause = by;
    await condition(() => life.view.state !== 'running' || !inbox.pause, ANSWER_WITHIN_MS);
    return result(life.view.state === 'paused' || inbox.pause !== null);
  }, unless('pause'));

  setHandler(resume, async (_input: CommandInput) => {
    if (isDone('resume')) return result(false);
    inbox.resume = true;
    await condition(() => life.view.state !== 'paused', ANSWER_WITHIN_MS);
    return result(true);
  }, unless('resume'));

  setHandler(route, async (_input: CommandInput) => {
    if (!isDone('route')) inbox.routeNow = true;
    await condition(() => !inbox.routeNow || isOver(life));
    return { decisionId: life.view.decisionId ?? '' };
  }, unless('route'));

  setHandler(reroute, async ({ mode, targetNodeId }) => {
    const request: RerouteRequest = { mode, ...(targetNodeId !== undefined && { targetNodeId }) };
    inbox.reroute = request;
    await condition(() => request.answer !== undefined);
    return answered(life, request);
  }, { validator: (_input: CommandInput) => refuseDuringMove(life) });

  setHandler(amend, async ({ labels, budget }) => {
    await writeAmendment({ ...(labels && { labels }), ...(budget && { budget }) });
    return result(true);
  }, unless('amend'));
}

const isOver = ({ view }: Life) => view.state === 'settling' || isEnd(view.state);
const isCancelled = ({ view }: Life) => isOver({ view } as Life) && (view.reason === 'by_customer' || view.reason === 'by_operator');

function refuse({ view: { state } }: Life, command: Command): void {
  if (standing(state, command) === 'refused') throw invalidTransition(state, refusal(state, command));
}

const invalidTransition = (state: Life['view']['state'], message: string) =>
  ApplicationFailure.nonRetryable(message, 'invalid-transition', { state, allowed: allowedCommands(state) });

function refuseDuringMove(life: Life): void {
  const { view, inbox } = life;
  if (view.state === 'checkpointing' || view.state === 'moving' || inbox.reroute) throw ApplicationFailure.nonRetryable('A move of this workload is under way; wait for its end.', 'move-in-progress');
  refuse(life, 'reroute');
}

function answered({ view: { state } }: Life, { answer }: RerouteRequest): { decisionId: string } {
  if (answer && 'decisionId' in answer) return answer;
  if (answer?.refused === 'no-candidate') throw ApplicationFailure.nonRetryable('No other node can take the work now.', 'no-candidate', { excluded: answer.excluded });
  throw invalidTransition(state, refusal(state, 'reroute'));
}

