/** W-136, W-146 and W-153: what customers wait for, on the whole product with the settings of `npm start`. */
import type { Bench, BenchOptions, Row } from './bench.ts';
import { ApiClient } from './support/client.ts';
import { addCustomers, type Customer } from './support/customers.ts';
import { below, eventually, p95, pause, spread } from './support/figures.ts';
import { openStream } from '../support/sse.ts';
import { fillWithWorkloads } from './support/million.ts';
import { startProduct, type Product } from './support/product.ts';

/** As `npm start` sets it. */
const INTERVAL_S = 60;
/** Not the one whose work must stay in the UK: one node is there, and what does not fit on it waits for the next interval. */
const CUSTOMERS = ['aurora-labs', 'bluefin-robotics', 'delta-media'];
const AT_ONCE = 20;
const BURSTS = 15;
/** Until every connection of the pool has planned its statements for good: PostgreSQL plans each anew five times. */
const WARM_UP = 6;
const QUIET = 50;
const LOUD_FACTOR = 100;
/** Each quiet organisation's; a loud one sends a hundred times as many and stays below its write limit (P-111). */
const QUIET_EVERY_MS = 20_000;
/** The golden ratio's fraction: offsets that fill an interval evenly, so that no order keeps step with the loud one's. */
const OUT_OF_STEP = 0.618_034;
/** Done in a second of node time, so that the fleet stays free. */
const SHORT = { work: { h100_seconds: 60 } };

async function run({ args }: BenchOptions): Promise<Row[]> {
  const product = await startProduct({ GRID_INTERVAL_S: String(INTERVAL_S) });
  const api = new ApiClient(product.gateway, 64);
  try {
    const [loud, ...quiet] = await addCustomers(product.database, 'bench', QUIET + 1);
    const posts = await postAtOnce(product, api);
    const fairness = await fair(product, api, loud!, quiet, numberOf(args, '--fair-s', 60));
    const intervals = await intervalsStored(product);
    const reads = await readOneAndPages(product, api, loud!, numberOf(args, '--rows', 1_000_000));
    return [...posts, ...reads, intervals, ...fairness];
  } finally {
    await api.close();
    await product.close();
  }
}

const numberOf = (args: readonly string[], name: string, otherwise: number): number => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise);

/** Twenty orders at the same moment, again and again on a free fleet, of three organisations with budgets; streams are open, so every event is also heard. */
async function postAtOnce(product: Product, api: ApiClient): Promise<Row[]> {
  const { gateway, database, keys } = product;
  const heardAt = new Map<string, number>();
  const own = CUSTOMERS.map((slug) => keys[slug]!);
  const streams = await Promise.all(own.map((key) => openStream(`${gateway}/api/v1/events`, key)));
  const listening = setInterval(() => streams.forEach(({ events }) => { for (const { id } of events.splice(0)) if (!heardAt.has(id)) heardAt.set(id, Date.now()); }), 2);
  const ms: number[] = [];
  for (let burst = 0; burst < WARM_UP + BURSTS; burst += 1) {
    await fleetFree(product);
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => api.order(own[n % own.length]!, SHORT)));
    if (burst >= WARM_UP) ms.push(...answers.map((answer) => answer.ms));
  }
  await fleetFree(product);
  clearInterval(listening);
  streams.forEach((stream) => stream.close());
  const { rows } = await database.query<{ id: string; at: number }>(`
    select id::text, extract(epoch from created_at)::float8 * 1000 as at from stream_events where id = any($1::bigint[])
     union all select id::text, extract(epoch from created_at)::float8 * 1000 from public_stream_events where id = any($1::bigint[])`, [[...heardAt.keys()]]);
  const late = rows.map(({ id, at }) => heardAt.get(id)! - at);
  return [
    below(`POST workload, ${AT_ONCE} at once`, p95(ms), 150, 'ms', spread(ms)),
    below('event row → SSE', p95(late) / 1_000, 1, 's', spread(late)),
  ];
}

/** From the boundary of each interval to the last of eleven zones' rows of it; of the one in which the product started, nobody could be in time. */
async function intervalsStored({ database, startedAt }: Product): Promise<Row> {
  const { rows } = await database.query<{ ms: number; zones: number }>(`
    select extract(epoch from max(first_at) - interval_start)::float8 * 1000 as ms, count(*)::int as zones
      from (select interval_start, zone, max(fetched_at) as first_at from grid_signals
             where length_s = $1 and not override and fetched_at between interval_start and interval_start + make_interval(secs => $1)
               and interval_start > $2 group by 1, 2) of_zone group by interval_start order by interval_start`, [INTERVAL_S, startedAt]);
  const whole = rows.filter(({ zones }) => zones === 11).map(({ ms }) => ms);
  return below('interval → 11 zones stored', p95(whole) / 1_000, 2, 's', `${spread(whole)}; ${rows.length - whole.length} intervals cut off`);
}

async function readOneAndPages({ database }: Product, api: ApiClient, { orgId, keys: [key] }: Customer, rows: number): Promise<Row[]> {
  const { body: { data: [{ id }] } } = (await api.call<{ data: [{ id: string }] }>(key!, 'GET', '/api/v1/workloads?limit=1'));
  const one = await timedReads(200, () => api.call(key!, 'GET', `/api/v1/workloads/${id}`));
  await fillWithWorkloads(database, orgId, id, rows);
  let cursor: string | null = null;
  const page = async () => {
    const { ms, body } = await api.call<{ next_cursor: string | null }>(key!, 'GET', `/api/v1/workloads?limit=50${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    cursor = body.next_cursor;
    return { ms };
  };
  const pages = await timedReads(200, page);
  const filters = ['state=completed', 'state=running', 'kind=render', 'label=team:none', `created_before=${new Date(Date.now() - 3_600_000).toISOString()}`];
  const filtered = await Promise.all(filters.map(async (filter): Promise<Row> => {
    const ms = await timedReads(5, () => api.call(key!, 'GET', `/api/v1/workloads?limit=50&${filter}`));
    return { name: `page of ${rows} rows, ${filter.split('=').slice(0, 2).join('=').slice(0, 24)}`, figure: p95(ms), unit: 'ms', bar: '', verdict: 'shown', detail: spread(ms) };
  }));
  return [
    below('GET one workload', p95(one), 30, 'ms', spread(one)),
    below(`page of 50 of ${rows} rows of one organisation`, p95(pages), 50, 'ms', spread(pages)),
    ...filtered,
  ];
}

async function timedReads(count: number, read: () => Promise<{ readonly ms: number }>): Promise<number[]> {
  const ms: number[] = [];
  for (let n = 0; n < count; n += 1) ms.push((await read()).ms);
  return ms;
}

/** Fifty quiet organisations alone, then beside one that sends a hundred times as much as each of them: their answers, and their work's start. */
async function fair(product: Product, api: ApiClient, loud: Customer, quiet: readonly Customer[], seconds: number): Promise<Row[]> {
  await fleetFree(product);
  const alone = await quietLoad(product, api, quiet, seconds);
  const stop = { asked: false };
  await fleetFree(product);
  const noise = makeNoise(api, loud.keys[0]!, stop);
  const beside = await quietLoad(product, api, quiet, seconds);
  stop.asked = true;
  const { sent, refused } = await noise;
  const row = (name: string, a: readonly number[], b: readonly number[]): Row => {
    const ratio = p95(b) / p95(a);
    return {
      name, figure: ratio, unit: '×', bar: '≤ 2', verdict: ratio <= 2 ? 'pass' : 'fail',
      detail: `${Math.round(p95(a))} ms alone, ${Math.round(p95(b))} ms beside ${sent} orders of one organisation (${refused} refused), ${a.length} and ${b.length} measured`,
    };
  };
  return [row(`${QUIET} quiet organisations' POST, p95`, alone.answers, beside.answers), row(`${QUIET} quiet organisations' accepted → running, p95`, alone.starts, beside.starts)];
}

/** What an earlier part ordered must not stand in a later part's way. */
const fleetFree = ({ database }: Product) => eventually('a free fleet', 180_000, async () =>
  (await database.query(`select from workload_directory where state not in ('completed', 'cancelled', 'failed', 'expired') limit 1`)).rowCount === 0, 500);

async function quietLoad({ database }: Product, api: ApiClient, quiet: readonly Customer[], seconds: number): Promise<{ answers: number[]; starts: number[] }> {
  const answers: number[] = [];
  const ids: string[] = [];
  const until = Date.now() + seconds * 1_000;
  await Promise.all(quiet.map(async ({ keys: [key] }, n) => {
    for (await pause(((n + ((n * OUT_OF_STEP) % 1)) * QUIET_EVERY_MS) / QUIET); Date.now() < until; await pause(QUIET_EVERY_MS)) {
      const { ms, body } = await api.order(key!, SHORT);
      answers.push(ms);
      ids.push(body.id);
    }
  }));
  const started = () => database.query<{ ms: number }>(`
    select extract(epoch from min(e.created_at) - w.created_at)::float8 * 1000 as ms from workloads w join stream_events e on e.org_id = w.org_id and e.workload_id = w.id
     where w.id = any($1::uuid[]) and e.name = 'workload.state' and e.data ->> 'state' = 'running' group by w.org_id, w.id, w.created_at`, [ids]);
  const rows = await eventually('the quiet organisations\' work running', 120_000, async () => { const { rows: found } = await started(); return found.length === ids.length && found; }, 500);
  return { answers, starts: rows.map(({ ms }) => ms) };
}

async function makeNoise(api: ApiClient, key: string, stop: { asked: boolean }): Promise<{ sent: number; refused: number }> {
  const counts = { sent: 0, refused: 0 };
  const answers: Promise<unknown>[] = [];
  for (let due = performance.now(); !stop.asked; due += QUIET_EVERY_MS / LOUD_FACTOR) {
    await pause(Math.max(0, due - performance.now()));
    counts.sent += 1;
    answers.push(api.order(key, SHORT).catch(() => void (counts.refused += 1)));
  }
  await Promise.all(answers);
  return counts;
}

export const bench: Bench = { name: 'api', bar: 'p95 < 150 · 30 · 50 ms', run };
