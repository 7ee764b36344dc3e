import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { hostIdle, hostJobs, splitHost } from '#domain/energy-report/allocation';
import { canonicalBytes, commitmentText, messageToSign, NO_PREVIOUS, registrationText, type EnergyReport, type Opening } from '#domain/energy-report/report';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { generatePrivateJwk, Signer } from '#platform/signing/ed25519';
import { sha256Base64url, sha256Name } from '#platform/signing/sha256';
import { NodeProtocolController } from '../../apps/gateway/src/nodes/node-protocol.controller.ts';
import { NodeCommandsController } from '../../apps/gateway/src/nodes/node-commands.controller.ts';
import { NodesController } from '../../apps/gateway/src/nodes/nodes.controller.ts';
import { freshDatabase, query, type FreshDatabase } from './database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from './gateway.ts';

/** A gateway with the routes of nodes, an owner, a customer and the operator; one zone, FR. */
export class NodeWorld {
  private constructor(
    readonly db: FreshDatabase,
    readonly gateway: TestGateway,
    readonly owner: TestOrganization,
    readonly customer: TestOrganization,
    readonly operator: TestOrganization,
  ) {}

  static async start(): Promise<NodeWorld> {
    const db = await freshDatabase();
    const gateway = await startGateway(db, {}, { controllers: [NodesController, NodeCommandsController, NodeProtocolController] });
    const operator = await addOrganization(db, 'platform', { kind: 'platform' });
    const owner = await addOrganization(db, 'node-owner', { kind: 'owner_datacenter' });
    const customer = await addOrganization(db, 'node-customer');
    await query(db.superuserUrl, `insert into zones (key, name, latitude, longitude, time_zone, residency, sources, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
      values ('FR', 'France', 46.6, 2.4, 'Europe/Paris', 'EU', '[]', 56000, 'test', 2023) on conflict do nothing`);
    await query(db.superuserUrl, `insert into grid_clock (zone, interval_start, length_s, source_time, source) values ('FR', now(), 60, now(), 'test') on conflict do nothing`);
    return new NodeWorld(db, gateway, owner, customer, operator);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.db.close();
  }

  node(slug: string, org?: TestOrganization): TestNode {
    return new TestNode(this, slug, org);
  }

  /** A workload of the customer's that was placed on the node a while ago. */
  async place(node: TestNode, over: { ended?: number; segment?: number; fence?: number; workloadId?: string } = {}): Promise<{ workloadId: string; jobId: string; fence: number }> {
    const { segment = 1, fence = 1, workloadId = uuidv7() } = over;
    await this.db.inOrg(this.customer.id, async (em) => {
      if (!over.workloadId)
        await rows(em, sql`
          insert into workloads (org_id, id, name, kind, spec, policy, state, node_id, zone, segment, fence, gpus, units_total, max_moves, correlation_id)
          values (${this.customer.id}, ${workloadId}, 'metered', 'training', '{}', '{"name":"balanced"}', 'running', ${node.id}, 'FR', ${segment}, ${fence}, 1, 100, 5, 'c')`);
      await rows(em, sql`
        insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version, energy_adder_micro_usd_per_mwh, pue_e4, time_scale, units_start, reserved_at, started_at, ended_at)
        values (${this.customer.id}, ${workloadId}, ${segment}, ${fence}, ${node.id}, ${this.owner.id}, 'FR', 1, 2400000, 1, 1000000, 11500, 1, 0, now() - interval '20 minutes', now() - interval '20 minutes',
                ${over.ended ? new Date(over.ended).toISOString() : null})`);
    });
    return { workloadId, jobId: `${workloadId}.${segment}`, fence };
  }

  async workload(id: string) {
    return (await query<any>(this.db.superuserUrl, 'select * from workloads where id = $1', [id]))[0];
  }

  linesOf(id: string) {
    return query<any>(this.db.superuserUrl, 'select * from energy_lines where workload_id = $1 order by segment, interval_start', [id]);
  }

  async count(table: string, nodeId: string) {
    return Number((await query<any>(this.db.superuserUrl, `select count(*) from ${table} where node_id = $1`, [nodeId]))[0].count);
  }
}

const GPU = 'GPU-1';
export const second = (ms: number) => Math.floor(ms / 1_000) * 1_000;

/** A node of a test: registers, beats, reports; one GPU of 70 to 700 W in a host of 60 to 160 W. */
export class TestNode {
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

  constructor(private readonly world: NodeWorld, readonly slug: string, readonly org: TestOrganization = world.owner) {}

  async enrolment(): Promise<string> {
    const { status, json } = await this.world.gateway.request('POST', '/api/v1/nodes/enrolments', { key: this.org.key, body: { slug: this.slug, zone: 'FR', kind: 'datacenter', price_micro_usd_per_gpu_hour: '2400000' } });
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
    return this.world.gateway.request('POST', '/api/v1/nodes/register', { headers: { authorization: `Bearer ${token}` }, body: this.body(token, over) });
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
    return this.world.gateway.request('POST', `/api/v1/nodes/${this.id}/${what}`, { headers: { authorization: `Bearer ${this.token}` }, body });
  }

  async view(org: TestOrganization = this.world.customer) {
    return (await this.world.gateway.request('GET', `/api/v1/nodes/${this.slug}`, { key: org.key })).json;
  }
}
