import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { FleetWatch } from '#platform/nodes/fleet-watch';
import { silentLogger } from '#platform/telemetry/logger';
import { Agent } from '../../apps/node-agent/src/agent.ts';
import { simulatedInventory } from '../../apps/node-agent/src/machine/simulated-inventory.ts';
import { SimulatedMachine } from '../../apps/node-agent/src/machine/simulated-machine.ts';
import { NodeProtocolController } from '../../apps/gateway/src/nodes/node-protocol.controller.ts';
import { NodesController } from '../../apps/gateway/src/nodes/nodes.controller.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

const SCALE = 60;
let db: FreshDatabase;
let gateway: TestGateway;
let owner: TestOrganization;
let agent: Agent;
let base: string;
let nodeId: string;

beforeAll(async () => {
  db = await freshDatabase();
  gateway = await startGateway(db, {}, { controllers: [NodesController, NodeProtocolController] });
  await addOrganization(db, 'platform', { kind: 'platform' });
  owner = await addOrganization(db, 'gamer-owner', { kind: 'owner_gamer' });
  await query(db.superuserUrl, `insert into zones (key, name, latitude, longitude, time_zone, residency, sources, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
    values ('FR', 'France', 46.6, 2.4, 'Europe/Paris', 'EU', '[]', 56000, 'test', 2023) on conflict do nothing`);
});
afterAll(async () => {
  await agent.close();
  await gateway.close();
  await db.close();
});

const folder = mkdtempSync(join(tmpdir(), 'w174-'));
const onAgent = async (method: string, path: string, body?: object) => {
  const { agent_token } = JSON.parse(readFileSync(join(folder, 'registration.json'), 'utf8')) as { agent_token: string };
  const answer = await fetch(`${base}${path}`, { method, headers: { authorization: `Bearer ${agent_token}`, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }) });
  return answer.json() as Promise<any>;
};
const view = async () => (await gateway.request('GET', '/api/v1/nodes/gamer-fr-1', { key: owner.key })).json;
const refusals = async () => (await query<{ code: string }>(db.superuserUrl, 'select code from energy_reports_refused where node_id = $1 order by id', [nodeId])).map(({ code }) => code);

test('W-174: a busy node that reports 0 J, ten times its maximum, one interval twice, altered bytes: each is refused by its code, nothing is booked, it is quarantined', async () => {
  // Given a gamer's node with one GPU, registered by its owner's enrolment, on which a job of a customer runs
  const customer = await addOrganization(db, 'w174-customer');
  const enrolment = await gateway.request('POST', '/api/v1/nodes/enrolments', { key: owner.key, body: { slug: 'gamer-fr-1', zone: 'FR', kind: 'gamer', price_micro_usd_per_gpu_hour: '280000' } });
  const { inventory, speedE3 } = simulatedInventory('gamer-fr-1', SCALE);
  agent = new Agent({
    mode: 'test', dataDir: folder, gatewayUrl: gateway.url, enrolmentToken: enrolment.json.enrolment_token, address: 'http://127.0.0.1:9', host: '127.0.0.1', port: 0, reportS: 1, log: silentLogger,
    makeMachine: (onChange) => new SimulatedMachine({ inventory, speedE3, slug: 'gamer-fr-1', reportS: 1, onChange }),
  });
  base = `http://127.0.0.1:${await agent.start()}`;
  const accepted = async () => query<any>(db.superuserUrl, 'select sequence, interval_start, interval_end, energy_mj, tenants_mj, idle_mj from energy_reports order by interval_start');
  await expect.poll(async () => (await accepted()).length, { timeout: 8_000 }).toBeGreaterThan(0);
  nodeId = (await view()).id;
  const workloadId = uuidv7();
  await db.inOrg(customer.id, async (em) => {
    await rows(em, sql`insert into workloads (org_id, id, name, kind, spec, policy, state, node_id, zone, segment, fence, gpus, units_total, max_moves, correlation_id)
      values (${customer.id}, ${workloadId}, 'busy', 'training', '{}', '{"name":"balanced"}', 'running', ${nodeId}, 'FR', 1, 1, 1, 1000000, 5, 'c')`);
    await rows(em, sql`insert into segments (org_id, workload_id, segment, fence, node_id, owner_org_id, zone, gpus, price_micro_usd_per_gpu_hour, price_version, energy_adder_micro_usd_per_mwh, pue_e4, time_scale, units_start, started_at)
      values (${customer.id}, ${workloadId}, 1, 1, ${nodeId}, ${owner.id}, 'FR', 1, 280000, 1, 0, 10000, ${SCALE}, 0, now())`);
  });
  await onAgent('PUT', `/agent/v1/jobs/${workloadId}.1`, {
    fence: 1, workload_id: workloadId, segment: 1, kind: 'training', program: null, gpu_count: 1, gpu_memory_gb: 16, units_total: 1_000_000, units_done: 0, restore: null, checkpoint: null,
    limits: { max_seconds: null, max_mj: null }, nonce: 'n',
  });
  const energy = async () => BigInt((await query<any>(db.superuserUrl, 'select energy_mj from workloads where id = $1', [workloadId]))[0].energy_mj);
  await expect.poll(energy, { timeout: 6_000 }).toBeGreaterThan(0n);
  expect(await refusals()).toEqual([]);

  // When its meter cheats, one way after the other, then each report is refused by the code that fits
  for (const [fault, code] of [['zero', 'under_physical'], ['tenfold', 'over_physical'], ['zero', 'under_physical'], ['replayed', 'overlap'], ['altered', 'bad_signature']] as const) {
    const before = (await refusals()).length;
    await onAgent('POST', '/agent/v1/sim/faults', { report: fault });
    await expect.poll(async () => (await refusals()).slice(before), { timeout: 6_000 }).toContain(code);
    await onAgent('POST', '/agent/v1/sim/faults', {});
    expect(new Set((await refusals()).slice(before))).toEqual(new Set([code]));
  }

  // Then nothing is booked from them: the tenant's energy is that of accepted reports, to the millijoule, and each lies within physics
  const stored = await accepted();
  expect(await energy()).toBe(stored.reduce((sum, { tenants_mj }) => sum + BigInt(tenants_mj), 0n));
  // 1.05 × (320 W GPU + 160 W host) × 60 node seconds a second, and 1 J for each of the two
  expect(stored.every(({ energy_mj, interval_start, interval_end }) => Number(energy_mj) <= 1.05 * 480 * SCALE * (interval_end - interval_start) + 2_000)).toBe(true);
  // the time of the refused ones is missing, not 0
  const covered = stored.reduce((sum, { interval_start, interval_end }) => sum + (interval_end - interval_start), 0);
  expect(covered).toBeLessThan(stored.at(-1).interval_end - stored[0].interval_start);
  // and with its strikes the node is quarantined, with less trust
  const watch = new FleetWatch({ database: db, log: silentLogger, onChange: async () => undefined, agents: { health: async () => ({ status: 'ok', meter: 'ok' }) as never } });
  const strikes = (await refusals()).filter((code) => ['under_physical', 'over_physical'].includes(code)).length;
  expect(strikes).toBeGreaterThanOrEqual(3);
  await watch.tick();
  await watch.close();
  expect((await view()).state).toBe('quarantined');
  expect((await view()).trust).toBeCloseTo(0.9 - strikes / 10, 6);
}, 60_000);
