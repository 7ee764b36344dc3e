// The start of a local instance as a story (O-2), and its end (O-12, O-13). Runs under the pinned Node.
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { sourcesNamed } from '../../libs/platform/config/grid-sources.ts';
import { SAMPLE_NODES } from '../../libs/platform/db/sample-organisations.ts';
import { build, databaseStep } from './parts/build.mjs';
import { EXIT } from './parts/exit-codes.mjs';
import { pointToRunning, publish, take, waitForLeftovers } from './parts/instance.mjs';
import { localKeys } from './parts/keys.mjs';
import { PATHS } from './parts/paths.mjs';
import { choosePorts } from './parts/ports.mjs';
import { outsidePostgres, startPostgres } from './parts/postgres.mjs';
import { ask, until } from './parts/probe.mjs';
import { environments, gatewayOf, nodeOf, plainEnvironment, workerOf } from './parts/processes.mjs';
import { readyDocument, readyText } from './parts/ready.mjs';
import { createReporter, StepFailed } from './parts/reporter.mjs';
import { settings } from './parts/settings.mjs';
import { leaveWhenAsked } from './parts/signals.mjs';
import { createSupervisor } from './parts/supervisor.mjs';
import { findTemporal } from './parts/temporal-binary.mjs';
import { outsideTemporal, temporalServer } from './parts/temporal-server.mjs';

/** Order of stopping (O-12). */
const STOPS = { gateway: 1, worker: 2, node: 3, temporal: 4, postgres: 5 };

export async function launch({ json, since }) {
  const { env, config } = settings();
  PATHS.makeFolders();
  const { taken, left } = take();
  if (!taken && (await pointToRunning({ json }))) return;
  if (left?.instance_id) await waitForLeftovers(left.instance_id);
  const reporter = createReporter({ json, since });
  const supervisor = createSupervisor({ say: (text) => process.stderr.write(`${text}\n`), publish: publish.components });
  leaveWhenAsked(supervisor, publish.nothing);
  try {
    await start({ env, config, reporter, supervisor });
  } catch (error) {
    await supervisor.stop({ fast: true });
    publish.nothing();
    if (!(error instanceof StepFailed)) process.stderr.write(`${error.stack}\n`);
    process.exit(error.exit ?? EXIT.failed);
  }
}

async function start({ env, config, reporter, supervisor }) {
  const instanceId = randomUUID();
  const outside = new Set([...(config.databaseUrl ? ['postgres'] : []), ...(config.temporalAddress ? ['temporal', 'temporal_ui'] : [])]);
  const ports = await reporter.step('ports', 'ports', () => choosePorts({ config, nodes: SAMPLE_NODES, outside, auto: config.ports === 'auto' }));
  publish.instance(instanceId, ports);
  const keys = localKeys(env);
  const host = reachable(config.bind);
  const plain = plainEnvironment(env, instanceId);

  await reporter.step('build', 'build', () => build(plain));
  const database = await reporter.step('postgresql', 'PostgreSQL', () => bringPostgres({ config, ports, plain, supervisor }));
  const temporal = await reporter.step('temporal', 'Temporal', () => bringTemporal({ config, ports, plain, supervisor }));
  const envs = environments({ env, instanceId, ports, urls: database.urls, temporal, keys });
  await reporter.step('migrate', 'migrate', () => databaseStep('migrate', { urls: database.urls, env: envs.owner }));
  await reporter.step('seed', 'seed', () => databaseStep('seed', { keys, env: envs.servers }));

  const gateway = gatewayOf({ ports, host, env: envs.servers });
  const worker = workerOf({ ports, host, env: envs.servers, queues: config.queues });
  const enrolments = keys.enrolments.read();
  const nodes = SAMPLE_NODES.map(({ slug }) => nodeOf({ slug, ports, host, env: envs.nodes, gateway: gateway.address, enrolment: enrolments[slug], timeScale: config.simTimeScale }));
  await reporter.step('nodes', 'nodes', () => {
    for (const node of nodes) supervisor.add(node, STOPS.node);
    return `${SAMPLE_NODES.length} node agents (${config.nodeHardware})`;
  });
  const workerChild = supervisor.add(worker, STOPS.worker);
  const gatewayChild = supervisor.add(gateway, STOPS.gateway);
  await reporter.step('worker', 'worker', () => worker.ready(workerChild).then(() => 'polls its task queues'));
  await reporter.step('gateway', 'gateway and portal', () => gateway.ready(gatewayChild).then(() => gateway.address));
  const apiKeys = keys.apiKeys.read();
  await reporter.step('online', 'nodes online', () => allOnline(nodes, gateway.address, apiKeys.platform));

  const document = readyDocument({ seconds: reporter.elapsed(), gateway: gateway.address, temporal: { ...temporal, namespace: config.temporalNamespace }, codec: `http://${host}:${ports.codec}/codec`, apiKeys, standIns: standIns(config) });
  publish.ready(document);
  reporter.ready(document, `\n${readyText(document)}`);
}

async function bringPostgres({ config, ports, plain, supervisor }) {
  if (config.databaseUrl) {
    const found = await outsidePostgres(config);
    return { ...found, says: `${found.version} at DATABASE_URL` };
  }
  const server = await startPostgres({ port: ports.postgres, env: plain });
  const spec = { ...server, name: 'postgres', address: `127.0.0.1:${ports.postgres}`, probe: server.urls.superuserUrl, restartAfterMs: () => 500, stop: { signal: 'SIGINT', seconds: 3, force: 'SIGQUIT' } };
  const version = await server.ready(supervisor.add(spec, STOPS.postgres));
  return { urls: server.urls, says: `${version} at ${spec.address}, ${server.says}` };
}

async function bringTemporal({ config, ports, plain, supervisor }) {
  if (config.temporalAddress) {
    await outsideTemporal(config.temporalAddress);
    return { address: config.temporalAddress, ui: null, binary: null, says: `at TEMPORAL_ADDRESS ${config.temporalAddress}` };
  }
  const found = await findTemporal({ download: config.temporalDownload });
  const server = temporalServer({ binary: found.path, ports, host: reachable(config.bind), namespace: config.temporalNamespace, env: plain });
  const spec = { ...server, name: 'temporal', probe: `${server.ui}/api/v1/namespaces/${config.temporalNamespace}`, restartAfterMs: () => 500, stop: { signal: 'SIGTERM', seconds: 2.5 } };
  await server.ready(supervisor.add(spec, STOPS.temporal));
  return { address: server.address, ui: server.ui, binary: found.path, says: [`${found.source}: ${found.path}, CLI ${found.cli}, server ${found.server}`, ...found.passedOver].join('; passed over: ') };
}

/** Each agent is registered by its own word, and up by the gateway's, which for a moment is still about the agent before a restart. */
async function allOnline(nodes, gateway, key) {
  const seen = { up: 0 };
  await until(`${nodes.length} nodes online`, 60, async () => {
    const ready = (await Promise.all(nodes.map(({ probe }) => ask(probe)))).filter((answer) => answer?.status === 200).length;
    const answer = await ask(`${gateway}/api/v1/nodes?limit=200`, { headers: { authorization: `Bearer ${key}` } });
    // A degraded node is up: it takes work where nothing else fits, and says why in the list of nodes.
    const up = answer?.body?.data?.filter(({ state }) => state === 'online' || state === 'degraded').length ?? 0;
    seen.up = Math.min(ready, up);
    return seen.up >= nodes.length;
  }, { everyMs: 200, suggest: 'npm run status' });
  return `${seen.up} of ${nodes.length}`;
}

/** An address at which a listener that binds everything is reached from here. */
const reachable = (bind) => (['0.0.0.0', '::'].includes(bind) ? '127.0.0.1' : bind);

/** Every local replacement that is active, by name: it never hides. */
function standIns({ nodeHardware, gridSources }) {
  const sources = sourcesNamed(gridSources);
  return [
    ...(nodeHardware === 'simulated' ? ['simulated nodes'] : []),
    ...(sources.has('simulated') ? ['simulated grid'] : []),
    ...(sources.has('replay') ? ['replayed grid'] : []),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const since = Number(process.argv.find((argument) => argument.startsWith('--since='))?.slice('--since='.length) ?? Date.now());
  await launch({ json: process.argv.includes('--json'), since });
}
