import { describe, expect, test } from 'vitest';
import { END_REASONS, PAUSE_REASONS, WORKLOAD_STATES, type EndReason } from '#domain/workload/states';
import { ACCEPTED, advance, emptyInbox, eventKey, inWords, nextTask, type Inbox, type Life, type WorkloadView } from './workload.state.ts';

const NODE = { segment: 2, fence: 2, nodeId: 'n', zone: 'FR' };
const NOW = 1_000_000;
const DECIDED = { decisionId: 'd', action: 'move', target: { segment: 3, fence: 3, nodeId: 'm', zone: 'PT' } } as const;
const life = (view: Partial<WorkloadView>, inbox: Partial<Inbox> = {}): Life => ({ view: { ...ACCEPTED, ...view }, inbox: { ...emptyInbox(), ...inbox }, lifeEndsMs: NOW + 1e9 });
const does = (view: Partial<WorkloadView>, inbox: Partial<Inbox> = {}) => nextTask(life(view, inbox), NOW).do;
const running = { state: 'running', node: NODE } as const;

describe('nextTask', () => {
  test.each([
    ['accepted work looks for a node', does({}), 'place'],
    ['waiting work waits', does({ state: 'waiting', wakeAtMs: NOW + 1 }), 'wait'],
    ['and looks again at its time', does({ state: 'waiting', wakeAtMs: NOW }), 'place'],
    ['or when it is routed', does({ state: 'queued', wakeAtMs: NOW + 1 }, { routeNow: true }), 'place'],
    ['waiting work does what was reserved for it', does({ state: 'waiting', wakeAtMs: NOW + 1 }, { actions: [DECIDED] }), 'act'],
    ['running work waits for messages', does(running), 'wait'],
    ['pauses', does(running, { pause: 'budget' }), 'pause'],
    ['is rerouted', does(running, { reroute: { mode: 'force' } }), 'reroute'],
    ['leaves a draining node', does(running, { leave: 'drain' }), 'leave'],
    ['does what was decided', does(running, { actions: [DECIDED] }), 'act'],
    ['heeds what its job did first', does(running, { followed: { outcome: 'completed' }, pause: 'customer', actions: [DECIDED] }), 'heed'],
    ['and ends before all', does(running, { ending: 'by_customer', followed: { outcome: 'completed' } }), 'end'],
    ['paused work rests', does({ state: 'paused', wakeAtMs: NOW + 1 }), 'wait'],
    ['resumes', does({ state: 'paused', wakeAtMs: NOW + 1 }, { resume: true }), 'resume'],
    ['a pause meant for running work waits for it', does({ state: 'queued', wakeAtMs: NOW + 1 }, { pause: 'customer' }), 'wait'],
    ['a reroute too', does({ state: 'placing', wakeAtMs: NOW + 1 }, { reroute: { mode: 'force' } }), 'wait'],
  ])('%s', (_name, is, expected) => expect(is).toBe(expected));

  test('a pause of 7 days and a life of 35 end by themselves', () => {
    expect(nextTask(life({ state: 'paused', wakeAtMs: NOW }), NOW)).toEqual({ do: 'end', reason: 'paused_too_long' });
    for (const state of WORKLOAD_STATES) expect(nextTask({ ...life({ state }), lifeEndsMs: NOW }, NOW)).toEqual({ do: 'end', reason: 'max_lifetime' });
  });

  test('only the first placement may wait for a better hour, and not when it was asked for now', () => {
    expect(nextTask(life({}), NOW)).toEqual({ do: 'place', mayWait: true });
    expect(nextTask(life({ state: 'waiting', wakeAtMs: NOW + 1 }, { routeNow: true }), NOW)).toEqual({ do: 'place', mayWait: false });
    expect(nextTask(life({ state: 'placing' }), NOW)).toEqual({ do: 'place', mayWait: false });
  });

  test('a wait names the earlier of its own time and the end of life; running work needs no timer', () => {
    expect(nextTask(life({ state: 'queued', wakeAtMs: NOW + 5 }), NOW)).toEqual({ do: 'wait', untilMs: NOW + 5 });
    expect(nextTask({ ...life({ state: 'queued', wakeAtMs: NOW + 5 }), lifeEndsMs: NOW + 3 }, NOW)).toEqual({ do: 'wait', untilMs: NOW + 3 });
    expect(nextTask(life(running), NOW)).toEqual({ do: 'wait', untilMs: null });
  });
});

test('a reason stands only where it says something', () => {
  const paused = advance({ ...ACCEPTED, state: 'running', node: NODE }, 'paused', { reason: 'shed', node: null, wakeAtMs: 5 });
  expect(paused).toEqual({ state: 'paused', reason: 'shed', node: null, decisionId: null, wakeAtMs: 5 });
  expect(advance(paused, 'resumed')).toMatchObject({ state: 'placing', reason: null });
});

test('an event is known by its zone and id', () => expect(eventKey({ zone: 'FR', eventId: 'shed-1' })).toBe('FR/shed-1'));

describe('what operators read (O-66)', () => {
  test('each state in plain words', () => {
    expect(WORKLOAD_STATES.map((state) => inWords({ ...ACCEPTED, state }))).toMatchInlineSnapshot(`
      [
        "Accepted. Looking for the first node.",
        "Waiting for a better hour on the grid; it starts in time for its deadline.",
        "No node fits at the moment. Looks again every interval, and when something changes.",
        "A node is being reserved and the job started there.",
        "Running.",
        "About to move: the job is saving its state.",
        "Moving: starting on the new node from the saved state, while the old one goes on.",
        "Paused; the GPUs are free.",
        "Work is over. Waiting for the last energy reports, then the books are written.",
        "Finished.",
        "Failed.",
        "Cancelled.",
        "Expired.",
      ]
    `);
  });
  test('each reason in plain words', () => {
    const reasons = [...PAUSE_REASONS, ...(Object.values(END_REASONS).flat() as EndReason[])];
    expect(reasons.map((reason) => `${reason}: ${inWords({ ...ACCEPTED, state: 'paused', reason }).slice('Paused; the GPUs are free. '.length)}`)).toMatchInlineSnapshot(`
      [
        "customer: The customer asked for it.",
        "shed: The grid asked for less load; it resumes when that is over.",
        "budget: A budget is used up; raise it and resume.",
        "operator: An operator asked for it.",
        "finished: All units are done.",
        "job_error: The job failed and has no retry left.",
        "attempts_exhausted: Ten nodes were lost under it.",
        "checkpoint_corrupt: Its saved state cannot be read.",
        "node_protocol_error: The node answered what nobody can read.",
        "by_customer: The customer cancelled it.",
        "by_operator: An operator cancelled it.",
        "budget_exhausted: A budget is used up, and the order says to stop then.",
        "deadline_before_start: Its deadline came before a node did.",
        "deadline_missed: Its hard deadline has passed.",
        "paused_too_long: It was paused for too long.",
        "max_lifetime: It reached the longest life a workload may have.",
      ]
    `);
  });
  test('where it stands, by zone and segment', () => expect(inWords({ ...ACCEPTED, ...running })).toBe('Running. Zone FR, segment 2.'));
});
