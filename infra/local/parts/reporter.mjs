import { existsSync, readFileSync } from 'node:fs';
import { EXIT } from './exit-codes.mjs';

const PROGRESS_MS = 10_000;
const LOG_LINES = 20;

/** A step that cannot be done: the cause, the log that shows more, one command that helps, the exit code. */
export class StepFailed extends Error {
  constructor(message, { log, suggest, exit = EXIT.failed } = {}) {
    super(message);
    Object.assign(this, { log, suggest, exit });
  }
}

export const tail = (path, lines = LOG_LINES) => (path && existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines) : []);

/** One line per step with its seconds (O-2), a sign of life every 10 s (O-4), plain text or one JSON object a step. */
export function createReporter({ json = false, since = Date.now(), out = process.stdout, err = process.stderr } = {}) {
  const seconds = (from) => Math.round((Date.now() - from) / 100) / 10;
  const line = (text) => out.write(`${text}\n`);

  function failed(name, title, error, from) {
    const { message, log, suggest } = error;
    const logged = tail(log);
    if (json) line(JSON.stringify({ step: name, failed: true, seconds: seconds(from), cause: message, log: logged, suggest }));
    const text = [`✗ ${title}: ${message}`, ...(logged.length > 0 ? [`  last lines of ${log}:`, ...logged.map((one) => `    ${one}`)] : []), ...(suggest ? [`  try: ${suggest}`] : [])];
    err.write(`${text.join('\n')}\n`);
  }

  return {
    line: (text) => json || line(text),
    /** @returns what `work` returns; an object's `says` (or the text itself) stands at the end of the line. */
    async step(name, title, work) {
      const from = Date.now();
      const sign = setInterval(() => json || line(`… ${title}: ${Math.round((Date.now() - from) / 1000)} s`), PROGRESS_MS);
      try {
        const result = await work();
        const says = typeof result === 'string' ? result : result?.says;
        line(json ? JSON.stringify({ step: name, seconds: seconds(from), detail: says }) : `✓ ${title.padEnd(18)} ${seconds(from).toFixed(1).padStart(6)} s  ${says ?? ''}`.trimEnd());
        return result;
      } catch (error) {
        failed(name, title, error, from);
        throw error instanceof StepFailed ? error : Object.assign(new StepFailed(error.message), { cause: error });
      } finally {
        clearInterval(sign);
      }
    },
    elapsed: () => seconds(since),
    ready(document, text) {
      line(json ? JSON.stringify(document) : text);
    },
  };
}
