/** W-147: what a worker with 10,000 open runs holds, a gateway with 10,000 idle readers of its stream, and an agent. */
import { connect, type Socket } from 'node:net';
import type { Bench, BenchOptions, Row } from './bench.ts';
import { ApiClient } from './support/client.ts';
import { addCustomers } from './support/customers.ts';
import { eventually, pause } from './support/figures.ts';
import { startProduct, type Product } from './support/product.ts';

const STREAMS_A_KEY = 20;
const DAY_MS = 86_400_000;

async function run({ args }: BenchOptions): Promise<Row[]> {
  const [runs, streams] = [numberOf(args, '--runs', 10_000), numberOf(args, '--streams', 10_000)];
  const product = await startProduct();
  try {
    const gateway = await idleReaders(product, streams);
    const worker = await waitingRuns(product, runs);
    const agents = product.components().filter((name) => name.startsWith('node-')).map((name) => product.rssMib(name));
    return [worker, gateway, atMost(`node agent, the largest of ${agents.length}`, Math.max(...agents), 128, 'simulated hardware, no job')];
  } finally {
    await product.close();
  }
}

const numberOf = (args: readonly string[], name: string, otherwise: number): number => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise);
const atMost = (name: string, figure: number, bar: number, detail: string): Row => ({ name, figure, unit: 'MiB', bar: `≤ ${bar} MiB`, verdict: figure <= bar ? 'pass' : 'fail', detail });

/** Orders that may not start before next week, as a gateway left them that stopped between the commit and the start: the sweep starts their runs. */
async function waitingRuns({ gateway, database, keys, rssMib }: Product, count: number): Promise<Row> {
  const api = new ApiClient(gateway, 1);
  const { id } = (await api.order(keys['bluefin-robotics']!, { schedule: { flexible: false, not_before: new Date(Date.now() + 6 * DAY_MS).toISOString() } })).body;
  await api.close();
  const waiting = async () => (await database.query<{ n: number }>(`select count(*)::int as n from workload_directory where state = 'waiting'`)).rows[0]!.n;
  await eventually('the first order waits', 30_000, async () => (await waiting()) === 1);
  await database.query(`
    insert into workloads (org_id, id, name, kind, spec, labels, policy, state, gpus, units_total, max_moves, not_before, correlation_id, run_started, created_at)
    select org_id, gen_random_uuid(), name, kind, spec, labels, policy, 'accepted', gpus, units_total, max_moves, not_before, correlation_id, false, created_at - interval '1 minute'
      from workloads, generate_series(2, $2) where id = $1`, [id, count]);
  let most = 0;
  await eventually(`${count} runs that wait`, count * 200, async () => {
    most = Math.max(most, rssMib('worker'));
    return (await waiting()) >= count;
  }, 500);
  await pause(10_000);
  return atMost(`worker, ${count} open runs waiting`, Math.max(most, rssMib('worker')), 1_024, `the most of the whole time; ${Math.round(rssMib('worker'))} MiB at its end`);
}

/** A key holds at most twenty streams, so this takes five hundred keys. Readers say nothing and are told nothing but signs of life and public events. */
async function idleReaders({ gateway, database, rssMib }: Product, count: number): Promise<Row> {
  const before = rssMib('gateway');
  const customers = await addCustomers(database, 'reader', 10, Math.ceil(count / 10 / STREAMS_A_KEY));
  const keys = customers.flatMap((customer) => customer.keys).flatMap((key) => Array.from({ length: STREAMS_A_KEY }, () => key)).slice(0, count);
  const sockets: Socket[] = [];
  try {
    for (let from = 0; from < count; from += 100) sockets.push(...(await Promise.all(keys.slice(from, from + 100).map((key) => openReader(gateway, key)))));
    await pause(30_000);
    const closed = sockets.filter(({ closed: isClosed }) => isClosed).length;
    if (closed > 0) throw new Error(`${closed} of ${count} readers were put off`);
    return atMost(`gateway, ${count} idle readers`, rssMib('gateway'), 512, `${Math.round(before)} MiB before the first; ${keys.length / STREAMS_A_KEY} keys of ${customers.length} organisations`);
  } finally {
    sockets.forEach((socket) => socket.destroy());
  }
}

/** A socket without a client library: ten thousand of those would be what is measured. */
function openReader(gateway: string, key: string): Promise<Socket> {
  const { hostname, port, host } = new URL(gateway);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.once('data', (chunk: Buffer) => {
      const status = chunk.toString('latin1').split('\r\n')[0]!;
      if (!status.includes(' 200 ')) return reject(new Error(`a reader was answered with ${chunk.toString('latin1').slice(0, 300)}`));
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.resume();
      resolve(socket);
    });
    socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${key}\r\naccept: text/event-stream\r\n\r\n`);
  });
}

export const bench: Bench = { name: 'memory', bar: '≤ 1 GiB · 512 · 128 MiB', run };
