/** W-137, W-139, W-143 and W-148: how fast a workload's life goes, on the whole product and against an empty workflow. */
import { spawnSync } from 'node:child_process';
import { Connection } from '@temporalio/client';
import type { Bench, BenchOptions, Row } from './bench.ts';
import { ApiClient } from './support/client.ts';
import { below, eventually, p95, pause, spread } from './support/figures.ts';
import { lifecycleRatio } from './support/lifecycle-ratio.ts';
import { startProduct, type Product } from './support/product.ts';

const EACH_MS = 400;
const MOST_EVENTS = 4_000;
const MOST_BYTES = 2_000_000;

async function run({ rounds, args }: BenchOptions): Promise<Row[]> {
  const built = spawnSync('npx', ['tsc', '-b'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed: ${built.stdout.slice(0, 500)}`);
  const count = numberOf(args, '--lives', 40);
  const ratio = args.includes('--no-ratio') ? [] : await lifecycleRatio(rounds, numberOf(args, '--lives-a-round', 150));
  if (args.includes('--only-ratio')) return ratio;
  const product = await startProduct();
  const api = new ApiClient(product.gateway, 8);
  try {
    return [...(await startAndStop(product, api, count)), ...ratio, ...(await longRun(product, api))];
  } finally {
    await api.close();
    await product.close();
  }
}

const numberOf = (args: readonly string[], name: string, otherwise: number): number => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise);

/** One order after another on a fleet with room, each seen running, then each cancelled. The times are the database's and the nodes'. */
async function startAndStop({ database, keys }: Product, api: ApiClient, count: number): Promise<Row[]> {
  const key = keys['bluefin-robotics']!;
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    ids.push((await api.order(key)).body.id);
    await pause(EACH_MS);
  }
  const running = async () => (await database.query<{ n: number }>(`select count(*)::int as n from workloads where id = any($1::uuid[]) and state = 'running'`, [ids])).rows[0]!.n === count;
  await eventually('all orders running', 60_000, running);
  const { rows: starts } = await database.query<{ ms: number }>(`
    select extract(epoch from e.created_at - w.created_at)::float8 * 1000 as ms from workloads w
      join stream_events e on e.org_id = w.org_id and e.workload_id = w.id and e.name = 'workload.state' and e.data ->> 'state' = 'running' where w.id = any($1::uuid[])`, [ids]);
  const asked = new Map<string, number>();
  const told = await Promise.all(ids.map(async (id, n) => {
    await pause(n * EACH_MS);
    asked.set(id, Date.now());
    return (await api.call(key, 'POST', `/api/v1/workloads/${id}/cancel`, {})).ms;
  }));
  const over = async () => (await database.query<{ n: number }>(`select count(*)::int as n from segments where workload_id = any($1::uuid[]) and ended_at is null`, [ids])).rows[0]!.n === 0;
  await eventually('all jobs stopped', 60_000, over);
  const { rows: ends } = await database.query<{ id: string; at: number }>('select workload_id as id, extract(epoch from max(ended_at))::float8 * 1000 as at from segments where workload_id = any($1::uuid[]) group by workload_id', [ids]);
  const [startMs, stopMs] = [starts.map(({ ms }) => ms), ends.map(({ id, at }) => at - asked.get(id)!)];
  return [
    below('accepted → running, free fleet', p95(startMs) / 1_000, 3, 's', spread(startMs)),
    below('cancel → work stopped on its node', p95(stopMs) / 1_000, 5, 's', `${spread(stopMs)}; the caller's answer after ${Math.round(p95(told))} ms`),
  ];
}

/** Work that no node has room for, asked again and again to look: each look lengthens the run's history, until it continues as new. */
async function longRun({ temporal: { address, namespace }, keys }: Product, api: ApiClient): Promise<Row[]> {
  const key = keys['cobalt-genomics']!;
  const whole = { resources: { gpu_count: 8, gpu_memory_gb: 16 } };
  await api.order(key, whole);
  const { id } = (await api.order(key, whole)).body;
  await eventually('the second order is queued', 30_000, async () => (await api.call<{ state: string }>(key, 'GET', `/api/v1/workloads/${id}`)).body.state === 'queued');
  const connection = await Connection.connect({ address });
  // The raw answer: the client's own would open the memo, whose key this bench does not have.
  const run = async (runId?: string) => {
    const { workflowExecutionInfo: info } = await connection.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId: `workload/${id}`, ...(runId !== undefined && { runId }) } });
    return { runId: info!.execution!.runId!, events: Number(info!.historyLength), bytes: Number(info!.historySizeBytes) };
  };
  const first = await run();
  let looks = 0;
  for (; (await run()).runId === first.runId; looks += 20) {
    if (looks > 2_000) throw new Error(`after ${looks} looks the run has not continued as new`);
    for (let n = 0; n < 20; n += 1) await api.call(key, 'PUT', `/api/v1/workloads/${id}/route`);
  }
  const { events, bytes } = await run(first.runId);
  await connection.close();
  const fits = (name: string, figure: number, bar: number, unit: string): Row =>
    ({ name, figure, unit, bar: `< ${bar} ${unit}`, verdict: figure < bar ? 'pass' : 'fail', detail: `a run that looked for a node about ${looks} times` });
  return [fits('history before continuing as new', events, MOST_EVENTS, 'events'), fits('history before continuing as new', bytes, MOST_BYTES, 'bytes')];
}

export const bench: Bench = { name: 'lifecycle', bar: `≥ 0.8`, run };
