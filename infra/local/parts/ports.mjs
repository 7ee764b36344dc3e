import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { EXIT } from './exit-codes.mjs';
import { StepFailed } from './reporter.mjs';

/** What an instance listens on: name in instance.json, field of the configuration, variable that moves it. */
const LISTENERS = [
  ['gateway', 'port', 'WATTBOOK_PORT'],
  ['gateway_ops', 'opsPort', 'WATTBOOK_OPS_PORT'],
  ['worker_ops', 'workerOpsPort', 'WATTBOOK_WORKER_OPS_PORT'],
  ['temporal_metrics', 'temporalMetricsPort', 'WATTBOOK_TEMPORAL_METRICS_PORT'],
  ['codec', 'codecPort', 'WATTBOOK_CODEC_PORT'],
  ['postgres', 'pgPort', 'WATTBOOK_PG_PORT'],
  ['temporal', 'temporalPort', 'WATTBOOK_TEMPORAL_PORT'],
  ['temporal_ui', 'temporalUiPort', 'WATTBOOK_TEMPORAL_UI_PORT'],
];

const isFree = (port, host) => new Promise((resolve) => {
  const server = createServer().once('error', () => resolve(false)).once('listening', () => server.close(() => resolve(true)));
  server.listen({ port, host, exclusive: true });
});

/** Below the kernel's range for outgoing connections, so that nobody's connection sits on a port while its process restarts. */
const AUTO = { from: 10_000, to: 29_999 };
const ATTEMPTS = 500;

export async function freePort(host, taken = new Set()) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = AUTO.from + Math.floor(Math.random() * (AUTO.to - AUTO.from));
    if (!taken.has(port) && (await isFree(port, host))) return port;
  }
  throw new StepFailed(`no free port was found from ${AUTO.from} to ${AUTO.to}`, { exit: EXIT.portTaken, suggest: 'ss -ltnp' });
}

/** Every port of the instance by name: the configured ones, checked before anything starts (O-9), or free ones. */
export async function choosePorts({ config, nodes, outside, auto }) {
  const listeners = LISTENERS.filter(([name]) => !outside.has(name));
  const wanted = [
    ...listeners.map(([name, field, variable]) => ({ name, port: config[field], variable })),
    ...nodes.map(({ slug }, n) => ({ name: `node-${slug}`, port: config.nodePortBase + n, variable: 'WATTBOOK_NODE_PORT_BASE' })),
  ];
  const ports = {};
  for (const { name, port, variable } of wanted) {
    const taken = new Set(Object.values(ports));
    if (auto) ports[name] = await freePort(config.bind, taken);
    else if (taken.has(port) || !(await isFree(port, config.bind))) throw await portTaken({ name, port, variable, config, taken });
    else ports[name] = port;
  }
  return ports;
}

async function portTaken({ name, port, variable, config, taken }) {
  const owner = ownerOf(port);
  const alternative = await freePort(config.bind, taken);
  const who = owner ? `pid ${owner.pid} (${owner.command})` : 'a process that this user may not see';
  return new StepFailed(`port ${port} for ${name} is taken by ${who}`, { exit: EXIT.portTaken, suggest: `${variable}=${alternative} npm start, or WATTBOOK_PORTS=auto npm start` });
}

/** Who listens there, where /proc may be read: the socket's inode, then the process that holds it. */
export function ownerOf(port) {
  try {
    const inodes = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)
      .map((row) => row.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '0A' && parseInt(local.split(':').pop(), 16) === port)
      .map((columns) => `socket:[${columns[9]}]`));
    const pid = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).find((entry) => holdsSocket(entry, inodes));
    return pid && { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 120) };
  } catch {
    return undefined;
  }
}

function holdsSocket(pid, inodes) {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.includes(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}
