import { startChild } from './child.mjs';
import { PATHS } from './paths.mjs';
import { ask, until } from './probe.mjs';

const PORT_VARIABLES = {
  gateway: 'WATTBOOK_PORT', gateway_ops: 'WATTBOOK_OPS_PORT', worker_ops: 'WATTBOOK_WORKER_OPS_PORT', temporal_metrics: 'WATTBOOK_TEMPORAL_METRICS_PORT',
  codec: 'WATTBOOK_CODEC_PORT', postgres: 'WATTBOOK_PG_PORT', temporal: 'WATTBOOK_TEMPORAL_PORT', temporal_ui: 'WATTBOOK_TEMPORAL_UI_PORT',
};
/** Neither a choice of the launcher's nor the owner's credentials belong to a server process. */
const NOT_FOR_SERVERS = ['WATTBOOK_PORTS', 'DATABASE_MIGRATION_URL', 'DATABASE_MIGRATION_URL_FILE'];
/** A node is somebody else's machine: of our environment it sees what any program needs, and the knobs of the simulation. */
const FOR_NODES = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_.*|LOG_LEVEL|GRID_SEED|NODE_HARDWARE|NODE_REPORT_S|NODE_COMPILE_CACHE|NODE_EXTRA_CA_CERTS|WATTBOOK_MODE|WATTBOOK_BIND)$/;
const PLAIN = /^(PATH|HOME|TMPDIR|TZ)$/;

const only = (env, pattern) => Object.fromEntries(Object.entries(env).filter(([name]) => pattern.test(name)));

/** The environments of the instance's processes, each with the id by which none can be missed (O-13). */
export function environments({ env, instanceId, ports, urls, temporal, keys }) {
  const id = { WATTBOOK_INSTANCE_ID: instanceId };
  const numbers = Object.fromEntries(Object.entries(PORT_VARIABLES).filter(([name]) => ports[name]).map(([name, variable]) => [variable, String(ports[name])]));
  const compiled = { NODE_COMPILE_CACHE: PATHS.in('state', 'compiled') };
  const all = { ...env, ...compiled, ...numbers, ...keys.env, ...id, DATABASE_URL: urls.appUrl, TEMPORAL_ADDRESS: temporal.address };
  delete all.DATABASE_URL_FILE;
  const servers = Object.fromEntries(Object.entries(all).filter(([name]) => !NOT_FOR_SERVERS.includes(name)));
  return { plain: plainEnvironment(env, instanceId), servers, owner: { ...servers, DATABASE_MIGRATION_URL: urls.ownerUrl }, nodes: { ...only({ ...env, ...compiled }, FOR_NODES), ...id } };
}

export const plainEnvironment = (env, instanceId) => ({ ...only(env, PLAIN), WATTBOOK_INSTANCE_ID: instanceId });

const RESTART_MS = [200, 1_000, 2_000, 5_000];
const soon = (attempt) => RESTART_MS[Math.min(attempt, RESTART_MS.length - 1)];
/** C-3: the loss of a node must be seen, so its machine takes its time to come back. */
const NODE_AWAY_MS = 75_000;

/** V8 takes memory as long as there is some: these keep a server within O-54's figures. The images start with the same (infra/docker/Dockerfile). */
export const V8_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=20'];

function server({ name, args, env, opsPort, host, address, stopSeconds }) {
  const probe = `http://${host}:${opsPort}/readyz`;
  return {
    name, address, probe, restartAfterMs: soon, stop: { signal: 'SIGTERM', seconds: stopSeconds },
    start: () => startChild({ name, args: ['--enable-source-maps', ...V8_FLAGS, ...args], env }),
    ready: (child) => until(`${name} at ${probe}`, 60, async () => (await ask(probe))?.status === 200, { child, log: child.log, suggest: `npm run logs -- ${name}`, everyMs: 100 }),
  };
}

export const gatewayOf = ({ ports, host, env }) =>
  server({ name: 'gateway', args: [PATHS.dist('apps/gateway/src/main.js')], env, opsPort: ports.gateway_ops, host, address: `http://${host}:${ports.gateway}`, stopSeconds: 4 });

export const workerOf = ({ ports, host, env, queues }) =>
  server({ name: 'worker', args: [PATHS.dist('apps/worker/src/main.js'), '--queues', queues.join(',')], env, opsPort: ports.worker_ops, host, address: `http://${host}:${ports.worker_ops}`, stopSeconds: 4 });

export function nodeOf({ slug, ports, host, env, gateway, enrolment, timeScale }) {
  const name = `node-${slug}`;
  const address = `http://${host}:${ports[name]}`;
  const own = { NODE_SLUG: slug, NODE_ADDRESS: address, NODE_GATEWAY_URL: gateway, NODE_ENROLMENT_TOKEN: enrolment, NODE_DATA_DIR: PATHS.in('state', 'nodes', slug), SIM_TIME_SCALE: String(timeScale) };
  return {
    name, address, probe: `${address}/readyz`, restartAfterMs: () => NODE_AWAY_MS, stop: { signal: 'SIGTERM', seconds: 1.5 },
    start: () => startChild({ name, args: ['--enable-source-maps', PATHS.dist('apps/node-agent/src/main.js')], env: { ...env, ...own } }),
    ready: async () => undefined, // seen online through the gateway, once that is there
  };
}
