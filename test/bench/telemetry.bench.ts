/**
 * W-142: rows of energy reports (device and job lines) per second over HTTP, everything checked and booked, ÷ raw `unnest` of what
 * is stored of the same reports (the reports whole, their openings) into tables with the same columns, indexes, constraints and partitioning.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { hostIdle, hostJobs, splitHost } from '#domain/energy-report/allocation';
import { canonicalBytes, commitmentText, messageToSign, NO_PREVIOUS, registrationText, type EnergyReport, type Opening, type ReportWithOpenings } from '#domain/energy-report/report';
import { generatePrivateJwk, Signer } from '#platform/signing/ed25519';
import { freePort } from '../support/ports.ts';
import setup from '../support/servers.ts';
import { pairedRatio, type Bench, type BenchOptions, type Row } from './bench.ts';

const BAR = 0.7;
const NODES = 4;
const GPUS = 8;
const BATCH = 200;
const BATCHES = 3;
const START = Math.floor((Date.now() - 5 * 86_400_000) / 60_000) * 60_000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes);

/** A node of the bench: every GPU holds a job of its own, so a report has 8 device lines, 8 job lines on them and 8 on the host. */
class BenchNode {
  id = '';
  keyId = '';
  token = '';
  nonce = '';
  readonly boot = randomUUID();
  readonly signer = new Signer(generatePrivateJwk());
  readonly jobs = Array.from({ length: GPUS }, () => randomUUID());
  sequence = 0;
  at = START;
  previous = NO_PREVIOUS;

  make(): ReportWithOpenings {
    const openings: Opening[] = this.jobs.map((workload) => {
      const own = { job_id: `${workload}.1`, fence: 1, salt: randomBytes(16).toString('base64url') };
      return { ...own, job: sha256(commitmentText(own)).digest('base64url') };
    });
    const devices = openings.map(({ job }, gpu) => ({ device_id: `GPU-${gpu}`, energy_mj: '6400000', idle_mj: '700000', jobs: [{ job, energy_mj: '5700000' }] }));
    const split = splitHost(9_000_001n, devices);
    const [start, end] = [this.at, this.at + 10_000].map((ms) => new Date(ms).toISOString());
    this.sequence += 1;
    const bare = {
      schema: 'wattbook/energy-report/v1' as const, node_id: this.id, key_id: this.keyId, boot_id: this.boot, sequence: this.sequence, interval_start: start!, interval_end: end!,
      issued_at: new Date().toISOString(), nonce: randomBytes(16).toString('base64url'), server_nonce: this.nonce, hardware: 'simulated' as const, time_scale: 1, grade: 'modelled' as const, method: 'model' as const,
      devices, host: { energy_mj: '9000001', idle_mj: String(hostIdle(split)), jobs: hostJobs(split).map(([job, energy]) => ({ job, energy_mj: String(energy) })) }, previous_sha256: this.previous,
    };
    const report: EnergyReport = { ...bare, signature: this.signer.sign(messageToSign(bare)) };
    this.at += 10_000;
    this.previous = `sha256:${sha256(canonicalBytes(report)).digest('hex')}`;
    return { report, openings: openings.sort((a, b) => (a.job < b.job ? -1 : 1)) };
  }
}

/** Device and job lines, the host's included. */
const linesIn = ({ report }: ReportWithOpenings): number => [...report.devices, report.host].reduce((sum, { jobs }) => sum + 1 + jobs.length, 0);

async function run({ rounds }: BenchOptions): Promise<Row[]> {
  const built = spawnSync('npx', ['tsc', '-b'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed: ${built.stdout.slice(0, 500)}`);
  const servers = new Map<string, string>();
  const stop = await setup({ provide: (key: string, value: string) => void servers.set(key, value) } as unknown as Parameters<typeof setup>[0]);
  const database = `postgres://postgres@${servers.get('postgres')}/template`;
  const gateway = await startGateway(`postgres://wattbook_app@${servers.get('postgres')}/template`);
  try {
    const nodes = await enrolAll(database, gateway.url);
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    for (const table of ['energy_reports', 'report_openings']) await client.query(`create table raw_${table} (like ${table} including all) partition by range (interval_start); create table raw_${table}_all partition of raw_${table} default`);
    await client.query('alter table raw_energy_reports add foreign key (node_id) references nodes');
    const speeds: { http: number[]; raw: number[] } = { http: [], raw: [] };
    let sent: ReportWithOpenings[][] = [];
    const count = () => sent.flat().reduce((sum, one) => sum + linesIn(one), 0);
    const subject = async () => {
      const made = nodes.map((node) => Array.from({ length: BATCHES }, () => Array.from({ length: BATCH }, () => node.make())));
      sent = made.flat();
      const bodies = made.map((batches) => batches.map((reports) => JSON.stringify({ reports })));
      const seconds = await timed(() => Promise.all(nodes.map(async (node, i) => { for (const body of bodies[i]!) await send(gateway.url, node, body); })));
      return kept(speeds.http, count() / seconds);
    };
    const reference = async () => {
      const seconds = await timed(async () => { for (const batch of sent) await insertRaw(client, batch); });
      return kept(speeds.raw, count() / seconds);
    };
    const ratio = await pairedRatio(rounds, subject, reference);
    await client.end();
    const shown = (name: string, figures: number[]): Row => ({ name, figure: Math.round(figures.reduce((a, b) => a + b, 0) / figures.length), unit: 'rows/s', bar: '', verdict: 'shown' });
    const verdict = ratio.median >= BAR ? 'pass' : 'fail';
    return [
      { name: 'report rows/s over HTTP ÷ raw unnest', figure: ratio.median, unit: '×', bar: `≥ ${BAR}`, verdict, detail: `95 % ${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}, ${NODES} nodes × ${BATCHES} batches of ${BATCH} reports with ${GPUS} jobs` },
      shown('over HTTP, signed, checked, opened, booked', speeds.http), shown('raw unnest of what is stored', speeds.raw),
    ];
  } finally {
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
    await stop();
  }
}

const kept = (list: number[], value: number): number => (list.push(value), value);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

async function insertRaw(client: pg.Client, batch: readonly ReportWithOpenings[]): Promise<void> {
  const column = <T>(value: (report: EnergyReport) => T) => batch.map(({ report }) => value(report));
  const opened = batch.flatMap(({ report, openings }) => openings.map((opening) => ({ ...opening, report })));
  const of = <T>(value: (opening: (typeof opened)[number]) => T) => opened.map(value);
  await client.query('begin');
  await client.query(`insert into raw_energy_reports (node_id, boot_id, sequence, interval_start, interval_end, zone, sha256, energy_mj, tenants_mj, idle_mj, grade, report)
    select a, b, c, d, e, 'FR', f, 60200001, 60200001, 0, 'modelled', g::jsonb from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[]) as t (a, b, c, d, e, f, g)`,
  [column(({ node_id }) => node_id), column(({ boot_id }) => boot_id), column(({ sequence }) => sequence), column(({ interval_start }) => interval_start), column(({ interval_end }) => interval_end),
    column(({ previous_sha256 }) => previous_sha256), column((report) => JSON.stringify(report))]);
  await client.query(`insert into raw_report_openings (org_id, node_id, boot_id, sequence, interval_start, job, job_id, fence, salt, workload_id, segment, energy_mj)
    select a, a, b, c, d, e, f, 1, g, h, 1, 7525000 from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::uuid[]) as t (a, b, c, d, e, f, g, h)`,
  [of(({ report }) => report.node_id), of(({ report }) => report.boot_id), of(({ report }) => report.sequence), of(({ report }) => report.interval_start), of(({ job }) => job), of(({ job_id }) => job_id),
    of(({ salt }) => salt), of(({ job_id }) => job_id.slice(0, 36))]);
  await client.query('commit');
}

async function send(url: string, { id, token }: BenchNode, body: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/nodes/${id}/energy-reports`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body });
  const text = await response.text();
  const refused = response.ok && (JSON.parse(text) as { results: { status: string; code: string }[] }).results.find(({ status }) => status !== 'accepted');
  if (!response.ok || refused) throw new Error(`a report of the bench was refused: ${response.status} ${refused ? refused.code : text.slice(0, 300)}`);
}

/** As every gateway is started. */
const { V8_FLAGS } = (await import(new URL('../../infra/local/parts/processes.mjs', import.meta.url).href)) as { V8_FLAGS: readonly string[] };

async function startGateway(databaseUrl: string): Promise<{ child: ChildProcess; url: string }> {
  const [port, ops, codec] = [await freePort(), await freePort(), await freePort()];
  const ring = JSON.stringify({ active: 'k1', keys: { k1: randomBytes(32).toString('base64') } });
  const env = {
    PATH: process.env['PATH'] ?? '', WATTBOOK_MODE: 'local', DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: '127.0.0.1:1', WATTBOOK_PORT: String(port), WATTBOOK_OPS_PORT: String(ops), WATTBOOK_CODEC_PORT: String(codec),
    WATTBOOK_PAYLOAD_KEYS: ring, WATTBOOK_MASTER_KEYS: ring, WATTBOOK_SIGNING_KEYS: ring, LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, [...V8_FLAGS, 'dist/apps/gateway/src/main.js'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 30_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (await fetch(`${url}/api/v1/nodes`).then(() => true, () => false)) return { child, url };
  throw new Error('the gateway did not come up within 30 s');
}

/** Nodes with running jobs of one customer, enrolled and registered as any other. */
async function enrolAll(database: string, url: string): Promise<BenchNode[]> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const [owner, customer] = [randomUUID(), randomUUID()];
  await client.query(`insert into zones (key, name, latitude, longitude, time_zone, residency, sources, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
    values ('FR', 'France', 46.6, 2.4, 'Europe/Paris', 'EU', '[]', 56000, 'bench', 2023) on conflict do nothing`);
  for (const [id, slug, kind] of [[owner, 'bench-owner', 'owner_datacenter'], [customer, 'bench-customer', 'customer']])
    await client.query(`insert into organizations (org_id, slug, name, kind, home_zone, residency) values ($1, $2, $2, $3, 'FR', 'any')`, [id, slug, kind]);
  await client.query('select make_partitions((now() - interval \'2 months\')::date, 6)');
  const nodes: BenchNode[] = [];
  for (let i = 0; i < NODES; i += 1) nodes.push(await enrol(client, url, owner, customer, i));
  await client.end();
  return nodes;
}

async function enrol(client: pg.Client, url: string, owner: string, customer: string, i: number): Promise<BenchNode> {
  const [node, token] = [new BenchNode(), `wbn_${randomBytes(32).toString('base64url')}`];
  await client.query(`insert into node_enrolments (org_id, id, slug, zone, kind, price_micro_usd_per_gpu_hour, token_sha256, expires_at) values ($1, $2, $3, 'FR', 'datacenter', 1, $4, now() + interval '1 hour')`,
    [owner, randomUUID(), `bench-${i}`, sha256(Buffer.from(token)).digest()]);
  const body = {
    enrolment_token: token, public_key: node.signer.publicJwk, proof: node.signer.sign(registrationText(token)), address: 'http://127.0.0.1:9', agent_version: 'bench', hardware: 'simulated', time_scale: 1,
    gpus: node.jobs.map((_, gpu) => ({ uuid: `GPU-${gpu}`, model: 'h100-sxm-80', memory_gb: 80 })), host: { model: 'host-8', cpus: 64, memory_gb: 512 },
    power_model: { version: 'bench', host_idle_w: 500, host_max_w: 1_200, gpu_idle_w: 70, gpu_max_w: 700 }, models: [],
  };
  const answer = await fetch(`${url}/api/v1/nodes/register`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (answer.status !== 201) throw new Error(`the bench's node was not taken: ${answer.status} ${await answer.text()}`);
  const { node_id, key_id, node_token, report_nonce } = (await answer.json()) as Record<string, string>;
  Object.assign(node, { id: node_id, keyId: key_id, token: node_token, nonce: report_nonce });
  for (const workload of node.jobs) {
    await client.query(`insert into workloads (org_id, id, name, kind, spec, policy, state, node_id, zone, segment, fence, gpus, units_total, max_moves, correlation_id)
      values ($1, $2, 'bench', 'training', '{}', '{"name":"balanced"}', 'running', $3, 'FR', 1, 1, 1, 100, 5, 'c')`, [customer, workload, node.id]);
    await client.query(`insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version, energy_adder_micro_usd_per_mwh, pue_e4, time_scale, units_start, reserved_at, started_at)
      values ($1, $2, 1, 1, $3, $4, 'FR', 1, 1, 1, 0, 11500, 1, 0, now() - interval '6 days', now() - interval '6 days')`, [customer, workload, node.id, owner]);
  }
  return node;
}

export const bench: Bench = { name: 'telemetry', bar: `≥ ${BAR}`, run };
