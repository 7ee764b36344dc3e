import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostIdle, hostJobs, splitHost } from '#domain/energy-report/allocation';
import { canonicalBytes, commitmentText, messageToSign, NO_PREVIOUS, registrationText, type EnergyReport, type Opening } from '#domain/energy-report/report';
import { insertSignals } from '#platform/grid/signal-store';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { NodeCallError } from '#platform/nodes/agent-client';
import { FleetWatch } from '#platform/nodes/fleet-watch';
import { generatePrivateJwk, Signer } from '#platform/signing/ed25519';
import { sha256Base64url, sha256Name } from '#platform/signing/sha256';
import { silentLogger } from '#platform/telemetry/logger';
import { keyChangeText } from '../../apps/gateway/src/nodes/change-key.ts';
import { NodeProtocolController } from '../../apps/gateway/src/nodes/node-protocol.controller.ts';
import { NodesController } from '../../apps/gateway/src/nodes/nodes.controller.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

let db: FreshDatabase;
let gateway: TestGateway;
let owner: TestOrganization;
let customer: TestOrganization;
let operator: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  gateway = await startGateway(db, {}, { controllers: [NodesController, NodeProtocolController] });
  operator = await addOrganization(db, 'platform', { kind: 'platform' });
  owner = await addOrganization(db, 'node-owner', { kind: 'owner_datacenter' });
  customer = await addOrganization(db, 'node-customer');
  await query(db.superuserUrl, `insert into zones (key, name, latitude, longitude, time_zone, residency, sources, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
    values ('FR', 'France', 46.6, 2.4, 'Europe/Paris', 'EU', '[]', 56000, 'test', 2023) on conflict do nothing`);
  await query(db.superuserUrl, `insert into grid_clock (zone, interval_start, length_s, source_time, source) values ('FR', now(), 60, now(), 'test') on conflict do nothing`);
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

const GPU = 'GPU-1';
const second = (ms: number) => Math.floor(ms / 1_000) * 1_000;

/** A node of a test: registers, beats, reports; one GPU of 70 to 700 W in a host of 60 to 160 W. */
class TestNode {
  signer = new Signer(generatePrivateJwk());
  readonly boot = uuidv7();
  id = '';
  keyId = '';
  token = '';
  nonce = '';
  sequence = 0;
  beats = 0;
  previous = NO_PREVIOUS;
  at = second(Date.now()) - 600_000;

  constructor(readonly slug: string, readonly org: TestOrganization = owner) {}

  async enrolment(): Promise<string> {
    const { status, json } = await gateway.request('POST', '/api/v1/nodes/enrolments', { key: this.org.key, body: { slug: this.slug, zone: 'FR', kind: 'datacenter', price_micro_usd_per_gpu_hour: '2400000' } });
    expect(status).toBe(201);
    return json.enrolment_token as string;
  }

  body(token: string, over: object = {}) {
    return {
      enrolment_token: token, public_key: this.signer.publicJwk, proof: this.signer.sign(registrationText(token)), address: 'http://127.0.0.1:9', agent_version: '1', hardware: 'simulated', time_scale: 1,
      gpus: [{ uuid: GPU, model: 'h100-sxm-80', memory_gb: 80 }], host: { model: 'host', cpus: 8, memory_gb: 64 },
      power_model: { version: 'pm-1', host_idle_w: 60, host_max_w: 160, gpu_idle_w: 70, gpu_max_w: 700 }, models: ['m'], ...over,
    };
  }

  register(token: string, over: object = {}) {
    return gateway.request('POST', '/api/v1/nodes/register', { headers: { authorization: `Bearer ${token}` }, body: this.body(token, over) });
  }

  async join(): Promise<this> {
    const { status, json } = await this.register(await this.enrolment());
    expect(status, JSON.stringify(json)).toBe(201);
    Object.assign(this, { id: json.node_id, keyId: json.key_id, token: json.node_token, nonce: json.report_nonce });
    return this;
  }

  async beat(over: object = {}) {
    this.beats += 1;
    const answer = await this.post('heartbeat', { boot_id: this.boot, sequence: this.beats, availability: 'available', meter: 'ok', gpus_free: 1, jobs: [], ...over });
    if (answer.status === 200) this.nonce = answer.json.report_nonce;
    return answer;
  }

  /** A report of the next ten seconds; `work` is what the jobs draw beyond idle, in mJ. */
  make(jobs: readonly { jobId: string; fence: number; work: bigint }[] = [], over: Partial<EnergyReport> = {}) {
    const openings: Opening[] = jobs.map(({ jobId, fence }) => {
      const own = { job_id: jobId, fence, salt: randomBytes(16).toString('base64url') };
      return { ...own, job: sha256Base64url(commitmentText(own)) };
    });
    const lines = jobs.map(({ work }, i) => ({ job: openings[i]!.job, energy_mj: String(work) })).sort((a, b) => (a.job < b.job ? -1 : 1));
    const total = jobs.reduce((sum, { work }) => sum + work, 700_000n);
    const devices = [{ device_id: GPU, energy_mj: String(total), idle_mj: '700000', jobs: lines }];
    const split = splitHost(600_001n, devices);
    this.sequence += 1;
    const bare = {
      schema: 'wattbook/energy-report/v1' as const, node_id: this.id, key_id: this.keyId, boot_id: this.boot, sequence: this.sequence,
      interval_start: new Date(this.at).toISOString(), interval_end: new Date(this.at + 10_000).toISOString(), issued_at: new Date().toISOString(),
      nonce: randomBytes(16).toString('base64url'), server_nonce: this.nonce, hardware: 'simulated' as const, time_scale: 1, grade: 'modelled' as const, method: 'model' as const, devices,
      host: { energy_mj: '600001', idle_mj: String(hostIdle(split)), jobs: hostJobs(split).map(([job, energy]) => ({ job, energy_mj: String(energy) })) },
      previous_sha256: this.previous, ...over,
    };
    const report: EnergyReport = { ...bare, signature: this.signer.sign(messageToSign(bare)) };
    this.at += 10_000;
    this.previous = sha256Name(canonicalBytes(report));
    return { report, openings };
  }

  async report(...reports: object[]): Promise<{ sequence: number; status: string; code: string | null }[]> {
    const { status, json } = await this.post('energy-reports', { reports });
    expect(status, JSON.stringify(json)).toBe(200);
    return json.results;
  }

  post(what: string, body: object) {
    return gateway.request('POST', `/api/v1/nodes/${this.id}/${what}`, { headers: { authorization: `Bearer ${this.token}` }, body });
  }

  async view(org: TestOrganization = customer) {
    return (await gateway.request('GET', `/api/v1/nodes/${this.slug}`, { key: org.key })).json;
  }
}

/** A workload of the customer's that was placed on the node a while ago. */
async function place(node: TestNode, over: { ended?: number; segment?: number; fence?: number; workloadId?: string } = {}): Promise<{ workloadId: string; jobId: string; fence: number }> {
  const { segment = 1, fence = 1, workloadId = uuidv7() } = over;
  await db.inOrg(customer.id, async (em) => {
    if (!over.workloadId)
      await rows(em, sql`
        insert into workloads (org_id, id, name, kind, spec, policy, state, node_id, zone, segment, fence, gpus, units_total, max_moves, correlation_id)
        values (${customer.id}, ${workloadId}, 'metered', 'training', '{}', '{"name":"balanced"}', 'running', ${node.id}, 'FR', ${segment}, ${fence}, 1, 100, 5, 'c')`);
    await rows(em, sql`
      insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version, energy_adder_micro_usd_per_mwh, pue_e4, time_scale, units_start, reserved_at, started_at, ended_at)
      values (${customer.id}, ${workloadId}, ${segment}, ${fence}, ${node.id}, ${owner.id}, 'FR', 1, 2400000, 1, 1000000, 11500, 1, 0, now() - interval '20 minutes', now() - interval '20 minutes',
              ${over.ended ? new Date(over.ended).toISOString() : null})`);
  });
  return { workloadId, jobId: `${workloadId}.${segment}`, fence };
}

const workload = async (id: string) => (await query<any>(db.superuserUrl, 'select * from workloads where id = $1', [id]))[0];
const linesOf = (id: string) => query<any>(db.superuserUrl, 'select * from energy_lines where workload_id = $1 order by segment, interval_start', [id]);
const count = async (table: string, nodeId: string) => Number((await query<any>(db.superuserUrl, `select count(*) from ${table} where node_id = $1`, [nodeId]))[0].count);

describe('joining (W-12 to W-14)', () => {
  test('an enrolment, a registration, and the same once more: the same node, new tokens', async () => {
    const node = new TestNode('join-1');
    const token = await node.enrolment();
    const first = await node.register(token);
    expect(first).toMatchObject({ status: 201, json: { heartbeat_s: 5, report_s: 10, key_id: expect.stringMatching(/^nk_[0-9a-f]{16}$/) } });
    const again = await node.register(token);
    expect(again).toMatchObject({ status: 200, json: { node_id: first.json.node_id, key_id: first.json.key_id } });
    expect(again.json.node_token).not.toBe(first.json.node_token);
    Object.assign(node, { id: first.json.node_id, token: first.json.node_token });
    expect((await node.beat()).status).toBe(401); // the first answer's token is dead
    node.token = again.json.node_token;
    expect((await node.beat()).status).toBe(200);
    expect(await node.view()).toMatchObject({ slug: 'join-1', state: 'provisioning', gpus: 1, gpus_free: 1, gpu_model: 'h100-sxm-80', price_micro_usd_per_gpu_hour: '2400000', pue_e4: 10_000, hardware: 'simulated', trust: 0.9 });
  });

  test('tokens are kept as digests only', async () => {
    const node = await new TestNode('join-digest').join();
    const stored = JSON.stringify([await query(db.superuserUrl, 'select * from node_credentials'), await query(db.superuserUrl, 'select * from node_enrolments')]);
    expect(stored).not.toContain(node.token.slice(8));
  });

  test('another key for the same token is a mismatch; a used token is nobody\'s', async () => {
    const node = new TestNode('join-2');
    const token = await node.enrolment();
    await node.register(token);
    const stranger = new TestNode('join-2');
    expect(await stranger.register(token)).toMatchObject({ status: 409, json: { code: 'key-mismatch' } });
    expect(await node.register('wbn_unknown_token_of_some_length')).toMatchObject({ status: 401 });
  });

  test('an expired token is refused', async () => {
    const node = new TestNode('join-late');
    const token = await node.enrolment();
    await query(db.superuserUrl, `update node_enrolments set expires_at = now() - interval '1 second' where slug = 'join-late'`);
    expect((await node.register(token)).status).toBe(401);
  });

  test('a new enrolment of the owner brings a new key and a new price; its audit event stands', async () => {
    const node = await new TestNode('join-3').join();
    const id = node.id;
    node.signer = new Signer(generatePrivateJwk());
    await node.join();
    expect(node.id).toBe(id);
    const [event] = await query<any>(db.superuserUrl, `select action from audit_events where target_id = $1 and action = 'node.key.replace'`, [id]);
    expect(event).toBeDefined();
  });

  test.each([
    ['a small-order key', { public_key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url') } }],
    ['a proof of another key', { proof: new Signer(generatePrivateJwk()).sign(Buffer.from('x')) }],
  ])('M-39: %s is 422 key-unacceptable', async (_name, over) => {
    const node = new TestNode(`join-bad-${randomBytes(3).toString('hex')}`);
    expect(await node.register(await node.enrolment(), over)).toMatchObject({ status: 422, json: { code: 'key-unacceptable' } });
  });

  test('M-39: a key that another node has is refused', async () => {
    const node = await new TestNode('join-4').join();
    const other = new TestNode('join-5');
    other.signer = node.signer;
    expect(await other.register(await other.enrolment())).toMatchObject({ status: 422, json: { code: 'key-unacceptable' } });
  });

  test('W-14: the key in force hands over to the next, and old reports still verify', async () => {
    const node = await new TestNode('join-6').join();
    await node.beat();
    const old = node.make();
    const next = new Signer(generatePrivateJwk());
    const message = keyChangeText(node.id, next.publicJwk.x);
    const change = (signature: string) => node.post('keys', { public_key: next.publicJwk, proof: next.sign(message), signature });
    expect(await change(next.sign(message))).toMatchObject({ status: 409, json: { code: 'key-mismatch' } });
    expect(await change(node.signer.sign(message))).toMatchObject({ status: 200, json: { node_id: node.id } });
    expect(await node.report(old)).toMatchObject([{ status: 'accepted' }]);
    expect(await change(node.signer.sign(message))).toMatchObject({ status: 409 });
  });

  test.each([
    ['GPUs of two kinds', { gpus: [{ uuid: 'a', model: 'x', memory_gb: 1 }, { uuid: 'b', model: 'y', memory_gb: 1 }] }],
    ['an address of another scheme', { address: 'ftp://127.0.0.1' }],
    ['an unknown member', { colour: 'red' }],
  ])('%s is 400', async (_name, over) => {
    const node = new TestNode('join-400');
    expect((await node.register('wbn_some_token_of_enough_length', over)).status).toBe(400);
  });

  test('a customer\'s key without node.write makes no enrolment, an unknown zone none either', async () => {
    const reader = await addOrganization(db, 'node-reader', { permissions: ['node.read'] });
    const body = { slug: 'x-1', zone: 'FR', kind: 'datacenter', price_micro_usd_per_gpu_hour: '1' };
    expect(await gateway.request('POST', '/api/v1/nodes/enrolments', { key: reader.key, body })).toMatchObject({ status: 403 });
    expect(await gateway.request('POST', '/api/v1/nodes/enrolments', { key: operator.key, body: { ...body, zone: 'XX' } })).toMatchObject({ status: 422, json: { code: 'unknown-zone' } });
    expect(await gateway.request('POST', '/api/v1/nodes/enrolments', { key: operator.key, body })).toMatchObject({ status: 201 });
  });
});

describe('what is shown (W-11)', () => {
  test('the address is the owner\'s and the operator\'s; the list pages by slug', async () => {
    const node = await new TestNode('shown-1').join();
    const seen = await node.view();
    expect(Object.keys(seen)).not.toContain('address');
    expect(seen.signal).toEqual({ source: null, quality: null });
    expect((await node.view(owner)).address).toBe('http://127.0.0.1:9');
    expect((await node.view(operator)).address).toBe('http://127.0.0.1:9');
    const first = await gateway.request('GET', '/api/v1/nodes?limit=2', { key: customer.key });
    const next = await gateway.request('GET', `/api/v1/nodes?limit=2&cursor=${first.json.next_cursor}`, { key: customer.key });
    const slugs = [...first.json.data, ...next.json.data].map(({ slug }: { slug: string }) => slug);
    expect(slugs).toEqual(slugs.toSorted());
    expect(JSON.stringify(first.json)).not.toMatch(/address|token|public_key/);
    expect(await gateway.request('GET', '/api/v1/nodes/nowhere-1', { key: customer.key })).toMatchObject({ status: 404 });
    expect((await gateway.request('GET', '/api/v1/nodes?zone=FR&state=online', { key: customer.key })).json.data).toEqual([]);
  });

  test('a node\'s token opens its own routes only', async () => {
    const [one, other] = [await new TestNode('own-1').join(), await new TestNode('own-2').join()];
    other.token = one.token;
    expect((await other.beat()).status).toBe(401);
    expect((await gateway.request('GET', '/api/v1/nodes', { key: one.token })).status).toBe(401);
  });
});

describe('reports (W-19 to W-25, M-35)', () => {
  test('what jobs drew is their tenants\', the rest the owner\'s, Σ to the millijoule; grams and money come from the interval\'s signals', async () => {
    const node = await new TestNode('meter-1').join();
    await node.beat();
    node.at = Math.floor(node.at / 60_000) * 60_000 + 50_000; // two reports, two intervals of 60 s
    const intervals = [node.at - 50_000, node.at + 10_000];
    await db.inSystem((em) => insertSignals(em, intervals.flatMap((intervalStart, i) => [
      { zone: 'FR', kind: 'intensity' as const, basis: 'average_lifecycle' as const, fuel: null, intervalStart, lengthS: 60, sourceTime: intervalStart, value: BigInt(56_600 + i), source: 'test', sourceRef: 'test', issuedAt: intervalStart, quality: 'final' as const, override: false, flags: [] },
      { zone: 'FR', kind: 'price' as const, basis: null, fuel: null, intervalStart, lengthS: 60, sourceTime: intervalStart, value: BigInt(70_000_000 * (1 - 2 * i)), source: 'test', sourceRef: 'test', issuedAt: intervalStart, quality: 'final' as const, override: false, flags: [] },
    ])));
    const job = await place(node);
    const [first, second] = [node.make([{ ...job, work: 6_000_000n }]), node.make([{ ...job, work: 6_000_001n }])];
    expect(await node.report(first, second)).toEqual([{ sequence: 1, status: 'accepted', code: null }, { sequence: 2, status: 'accepted', code: null }]);
    const lines = await linesOf(job.workloadId);
    // One GPU and one job: all of the device (work + 700,000 idle) and all of the host (600,001) are the job's.
    expect(lines.map(({ energy_mj }) => energy_mj)).toEqual(['7300001', '7300002']);
    // 7,300,001 × 11,500 × 56,600 ÷ 36,000,000 = 131,988,073.6 ng; price 70 + 1 USD/MWh: 7,300,001 × 11,500 × 71,000,000 ÷ 3.6e16 = 165.57 µUSD
    expect(lines[0]).toMatchObject({ pue_e4: 11_500, intensity_mg_per_kwh: '56600', operational_ng: '131988074', price_micro_usd_per_mwh: '71000000', energy_micro_usd: '166', grade: 'modelled', quality: 'final' });
    // A negative price is a negative line: (−70 + 1) USD/MWh → −160.9 µUSD
    expect(lines[1]).toMatchObject({ intensity_mg_per_kwh: '56601', price_micro_usd_per_mwh: '-69000000', energy_micro_usd: '-161' });
    expect(lines[0].signal_refs).toHaveLength(2);
    const total = await workload(job.workloadId);
    expect(total).toMatchObject({ energy_mj: '14600003', energy_micro_usd: '5', grade: 'modelled', signal_quality: 'final' });
    expect(BigInt(total.operational_ng)).toBe(BigInt(lines[0].operational_ng) + BigInt(lines[1].operational_ng));
    // 7,300,001 × 1.15 = 8,395,001.15 and 7,300,002 × 1.15 = 8,395,002.3
    expect(total.facility_mj).toBe('16790003');
    const [stored] = await query<any>(db.superuserUrl, 'select sum(energy_mj) as energy, sum(tenants_mj) as tenants, sum(idle_mj) as idle from energy_reports where node_id = $1', [node.id]);
    expect(stored).toEqual({ energy: '14600003', tenants: '14600003', idle: '0' });
    expect(await count('report_openings', node.id)).toBe(2);
    // Another tenant reads none of it.
    expect(await db.inOrg(owner.id, (em) => rows(em, sql`select * from report_openings`))).toEqual([]);
  });

  test('without a signal row the grams are unknown, not 0, and are priced when the row is there', async () => {
    const node = await new TestNode('meter-unknown').join();
    await node.beat();
    node.at -= 300_000;
    const job = await place(node);
    await node.report(node.make([{ ...job, work: 1_000_000n }]));
    const [line] = await linesOf(job.workloadId);
    expect(line).toMatchObject({ energy_mj: '2300001', operational_ng: null, energy_micro_usd: null, signal_refs: [] });
    const intervalStart = Number(line.interval_start);
    const common = { zone: 'FR', fuel: null, intervalStart, lengthS: 60, sourceTime: intervalStart, source: 'test', sourceRef: 'test', issuedAt: Date.now(), quality: 'preliminary' as const, override: false, flags: [] };
    await db.inSystem((em) => insertSignals(em, [{ ...common, kind: 'intensity', basis: 'average_lifecycle', value: 40_000n }, { ...common, kind: 'price', basis: null, value: 0n }]));
    await node.report(node.make([{ ...job, work: 1_000_000n }]));
    expect((await linesOf(job.workloadId)).map(({ operational_ng }) => operational_ng !== null)).toEqual([true, ...((await linesOf(job.workloadId)).length > 1 ? [false] : [])]);
  });

  test('the same bytes again are a duplicate and book nothing; other bytes under the same sequence are equivocation', async () => {
    const node = await new TestNode('meter-2').join();
    await node.beat();
    const job = await place(node);
    const sent = node.make([{ ...job, work: 1_000_000n }]);
    expect(await node.report(sent, sent)).toMatchObject([{ status: 'accepted' }, { status: 'duplicate' }]);
    expect(await node.report(sent)).toMatchObject([{ status: 'duplicate' }]);
    expect((await workload(job.workloadId)).energy_mj).toBe('2300001');
    const { signature: _, ...bare } = { ...sent.report, nonce: randomBytes(16).toString('base64url') };
    expect(await node.report({ report: { ...bare, signature: node.signer.sign(messageToSign(bare)) }, openings: sent.openings })).toMatchObject([{ status: 'rejected', code: 'equivocation' }]);
    expect(await node.view()).toMatchObject({ state: 'quarantined', trust: 0.8 });
    const alerts = await query<any>(db.superuserUrl, `select org_id, severity from alerts where dedup_key = $1`, [`node.quarantined/${node.id}`]);
    expect(alerts.map(({ org_id }) => org_id).sort()).toEqual([customer.id, operator.id, owner.id].sort());
    expect(alerts.every(({ severity }) => severity === 'critical')).toBe(true);
  });

  test('after a refused report the chain goes on, from it or from the last accepted one', async () => {
    const node = await new TestNode('meter-3').join();
    await node.beat();
    const good = node.make();
    const future = node.make([], { interval_end: new Date(Date.now() + 60_000).toISOString(), interval_start: new Date(Date.now() + 50_000).toISOString() });
    const after = node.make();
    expect(await node.report(good, future, after)).toMatchObject([{ status: 'accepted' }, { code: 'future' }, { status: 'accepted' }]);
    node.previous = sha256Name(canonicalBytes(after.report));
    node.make();
    node.previous = sha256Name(canonicalBytes(after.report));
    expect(await node.report(node.make())).toMatchObject([{ status: 'accepted' }]);
    node.previous = sha256Name('something else');
    expect(await node.report(node.make())).toMatchObject([{ code: 'chain_break' }]);
  });

  test.each([
    ['overlap', (node: TestNode) => ((node.at -= 15_000), node.make())],
    ['too_old', (node: TestNode) => ((node.at -= 8 * 86_400_000), node.make())],
    ['stale_nonce', (node: TestNode) => node.make([], { server_nonce: randomBytes(16).toString('base64url') })],
    ['over_physical', (node: TestNode) => node.make([], { host: { energy_mj: '16000001', idle_mj: '16000001', jobs: [] } })],
    ['bad_signature', (node: TestNode) => ({ ...node.make(), report: { ...node.make().report, issued_at: new Date(0).toISOString() } })],
  ] as const)('%s is refused and is no energy', async (code, make) => {
    const node = await new TestNode(`refuse-${code.replace('_', '-')}`).join();
    await node.beat();
    node.at -= 60_000;
    await node.report(node.make(), node.make());
    const before = await count('energy_reports', node.id);
    expect(await node.report(make(node))).toMatchObject([{ status: 'rejected', code }]);
    expect([await count('energy_reports', node.id), await count('energy_reports_refused', node.id)]).toEqual([before, 1]);
  });

  test('an unknown job, another fence and a job of another node are unknown_job', async () => {
    const [node, other] = [await new TestNode('meter-4').join(), await new TestNode('meter-5').join()];
    await node.beat();
    const [here, there] = [await place(node), await place(other)];
    for (const wrong of [{ jobId: `${uuidv7()}.1`, fence: 1 }, { ...here, fence: 2 }, there]) {
      node.previous = NO_PREVIOUS;
      expect(await node.report(node.make([{ ...wrong, work: 1n }]))).toMatchObject([{ code: 'unknown_job' }]);
    }
    expect((await node.view()).trust).toBe(0.6);
  });

  test('W-33: energy after the stay is over is the owner\'s idle, and books nothing to the tenant', async () => {
    const node = await new TestNode('meter-6').join();
    await node.beat();
    const job = await place(node, { ended: node.at + 10_000 });
    expect(await node.report(node.make([{ ...job, work: 1_000_000n }]), node.make([{ ...job, work: 1_000_000n }]))).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    expect((await workload(job.workloadId)).energy_mj).toBe('2300001');
    const reports = await query<any>(db.superuserUrl, 'select tenants_mj, idle_mj from energy_reports where node_id = $1 order by sequence', [node.id]);
    expect(reports).toEqual([{ tenants_mj: '2300001', idle_mj: '0' }, { tenants_mj: '0', idle_mj: '2300001' }]);
  });

  test.each([
    ['a negative energy', (text: string) => text.replace('"idle_mj":"700000"', '"idle_mj":"-700000"')],
    ['a fraction', (text: string) => text.replace('"idle_mj":"700000"', '"idle_mj":"0.5"')],
    ['NaN', (text: string) => text.replace('"idle_mj":"700000"', '"idle_mj":"NaN"')],
    ['1e309', (text: string) => text.replace('"time_scale":1', '"time_scale":1e309')],
    ['an unknown member', (text: string) => text.replace('"time_scale":1', '"time_scale":1,"colour":"red"')],
  ])('W-23: %s is 400', async (_name, spoil) => {
    const node = await new TestNode(`bad-${randomBytes(4).toString('hex')}`).join();
    const answer = await gateway.request('POST', `/api/v1/nodes/${node.id}/energy-reports`, { headers: { authorization: `Bearer ${node.token}` }, raw: spoil(JSON.stringify({ reports: [node.make()] })) });
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });
});

describe('the watch (table before W-30)', () => {
  const changes: string[] = [];
  const answers = new Map<string, 'ok' | 'away'>();
  let watch: FleetWatch;
  beforeAll(() => {
    watch = new FleetWatch({
      database: db, log: silentLogger, onChange: async (id, state) => void changes.push(`${id} ${state}`),
      agents: { health: async (id) => { if (answers.get(id) === 'away') throw new NodeCallError('node_unreachable', id, 'away'); return { status: 'ok', meter: 'ok' } as never; } },
    });
    (watch as unknown as { beganAt: number }).beganAt -= 3_600_000; // as one that has watched for an hour
  });
  const past = (node: TestNode, column: string, seconds: number) => query(db.superuserUrl, `update node_runtime set ${column} = now() - make_interval(secs => $2) where node_id = $1`, [node.id, seconds]);
  /** Looks until the answers of this look are in. */
  const look = async () => {
    (watch as unknown as { asked: Map<string, number> }).asked.clear();
    await watch.tick();
    await watch.close();
    await watch.tick();
    await watch.close();
  };

  test('registered → online → silent → offline → back after three beats; each is told once', async () => {
    const node = await new TestNode('watched-1').join();
    await look();
    expect((await node.view()).state).toBe('provisioning');
    await node.beat();
    node.at = second(Date.now()) - 10_000;
    await node.report(node.make());
    await look();
    expect((await node.view()).state).toBe('online');
    await past(node, 'last_heartbeat_at', 16);
    answers.set(node.id, 'away');
    await look();
    expect((await node.view()).state).toBe('silent');
    await past(node, 'last_heartbeat_at', 61);
    await past(node, 'last_health_at', 61);
    await look();
    expect((await node.view()).state).toBe('offline');
    answers.delete(node.id);
    for (const expected of ['offline', 'offline', 'online']) {
      await node.beat();
      await look();
      expect((await node.view()).state).toBe(expected);
    }
    expect(changes.filter((line) => line.startsWith(node.id))).toEqual([`${node.id} online`, `${node.id} silent`, `${node.id} offline`, `${node.id} online`]);
    const events = await query<any>(db.superuserUrl, `select data from public_stream_events where name = 'node.state' and data ->> 'id' = $1 order by id`, [node.id]);
    expect(events.map(({ data }) => data.state)).toEqual(['provisioning', 'online', 'silent', 'offline', 'online']);
    const alerts = await query<any>(db.superuserUrl, `select kind, state, count from alerts where subject = $1 and org_id = $2 order by kind`, [node.id, owner.id]);
    expect(alerts).toEqual([{ kind: 'node.offline', state: 'resolved', count: 1 }, { kind: 'node.silent', state: 'resolved', count: 1 }]);
  });

  test('a node whose owner plays drains; three strikes are quarantine', async () => {
    const node = await new TestNode('watched-2').join();
    await node.beat({ availability: 'owner_in_use' });
    node.at = second(Date.now()) - 10_000;
    await node.report(node.make());
    await look();
    expect((await node.view()).state).toBe('draining');
    await node.beat();
    await look();
    expect((await node.view()).state).toBe('online');
    for (let i = 0; i < 3; i += 1) await node.report(node.make([{ jobId: `${uuidv7()}.1`, fence: 1, work: 1n }], { interval_start: new Date(Date.now() + 1_000).toISOString(), interval_end: new Date(Date.now() + 2_000).toISOString() }));
    await look();
    expect(await node.view()).toMatchObject({ state: 'quarantined', trust: 0.6 });
  });

  test('a watch that has only begun holds no old silence against a node', async () => {
    const node = await new TestNode('watched-3').join();
    await node.beat();
    node.at = second(Date.now()) - 10_000;
    await node.report(node.make());
    await look();
    await past(node, 'last_heartbeat_at', 600);
    const fresh = new FleetWatch({ database: db, log: silentLogger, onChange: async () => undefined, agents: { health: async () => ({ status: 'ok', meter: 'ok' }) as never } });
    await fresh.tick();
    await fresh.close();
    expect((await node.view()).state).toBe('online');
  });
});
