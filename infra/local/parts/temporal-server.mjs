import { startChild } from './child.mjs';
import { EXIT } from './exit-codes.mjs';
import { PATHS } from './paths.mjs';
import { answers, ask, until } from './probe.mjs';
import { StepFailed } from './reporter.mjs';

/** Whatever the gateway binds: histories and workflow control stay on this machine. */
const LOOPBACK = '127.0.0.1';

export const SEARCH_ATTRIBUTES = ['OrgId', 'Zone', 'WorkloadState', 'BillingPeriod'];

/**
 * Of the server, by name; Compose sets the same. Fairness keys are heeded only with the first two. With the third a worker that has a
 * free slot gets the activity with the answer to its workflow task, without a way through a queue: work starts in about half the time.
 */
export const SETTINGS = ['matching.useNewMatcher', 'matching.enableFairness', 'system.enableActivityEagerExecution'];

/** O-19: a durable file in WAL mode, which survives a killed process at twice the speed of the defaults. */
export function temporalArguments({ ports, host, namespace }) {
  const codec = `http://${host}:${ports.codec}/codec/${namespace}`;
  return [
    'server', 'start-dev', '--ip', LOOPBACK, '--port', String(ports.temporal), '--ui-port', String(ports.temporal_ui), '--namespace', namespace,
    '--db-filename', PATHS.in('temporal', 'temporal.db'), '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=1',
    ...SETTINGS.flatMap((name) => ['--dynamic-config-value', `${name}=true`]),
    '--ui-codec-endpoint', codec, '--log-level', 'warn',
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

export function temporalServer({ binary, ports, host, namespace, env }) {
  const ui = `http://${LOOPBACK}:${ports.temporal_ui}`;
  const start = () => startChild({ name: 'temporal', command: binary, args: temporalArguments({ ports, host, namespace }), env, deathSignal: 'TERM' });
  const ready = (child) => until('Temporal', 60, async () => (await ask(`${ui}/api/v1/namespaces/${namespace}`))?.status === 200, { child, log: child.log, suggest: 'npm run logs -- temporal', everyMs: 100 });
  return { start, ready, ui, address: `${LOOPBACK}:${ports.temporal}` };
}

const REACHED_WITHIN_S = 10;

/** O-16 (1): a server of the user's is used as given; that it cannot be reached is final. */
export async function outsideTemporal(address) {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address);
  await until('TEMPORAL_ADDRESS', REACHED_WITHIN_S, () => answers(Number(port), host), { everyMs: 500 }).catch(() => {
    throw new StepFailed(`TEMPORAL_ADDRESS ${address} was not reached within ${REACHED_WITHIN_S} s`, { exit: EXIT.noTemporal, suggest: 'start that server, or unset TEMPORAL_ADDRESS to use a local one' });
  });
  return { address };
}
