import { connect } from 'node:net';
import { EXIT } from './exit-codes.mjs';
import { StepFailed } from './reporter.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** An answer with its body (JSON where it is), or undefined when nobody answers in time. */
export async function ask(url, { timeoutMs = 2_000, headers } = {}) {
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
  } catch {
    return undefined;
  }
}

export const answers = (port, host = '127.0.0.1', timeoutMs = 1_000) => new Promise((resolve) => {
  const socket = connect({ port, host, timeout: timeoutMs });
  const done = (open) => { socket.destroy(); resolve(open); };
  socket.on('connect', () => done(true)).on('error', () => done(false)).on('timeout', () => done(false));
});

/** Waits for something to become true; a process that ended meanwhile will never make it true. */
export async function until(what, seconds, isTrue, { child, log, suggest, everyMs = 50 } = {}) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await isTrue();
    if (found) return found;
    if (child?.ended) throw new StepFailed(`${what} did not come: the process ended with ${child.ended}`, { log, suggest });
    if (Date.now() > end) throw new StepFailed(`${what} did not come within ${seconds} s`, { log, suggest, exit: EXIT.timedOut });
    await sleep(everyMs);
  }
}
