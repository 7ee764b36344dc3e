import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalBytes, messageToSign, NO_PREVIOUS } from '#domain/energy-report/report';
import { insertSignals } from '#platform/grid/signal-store';
import { rows } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { sha256Name } from '#platform/signing/sha256';
import { query, type FreshDatabase } from '../support/database.ts';
import type { TestGateway, TestOrganization } from '../support/gateway.ts';
import { NodeWorld, type TestNode } from '../support/node-world.ts';

let world: NodeWorld;
let db: FreshDatabase;
let gateway: TestGateway;
let owner: TestOrganization;
let customer: TestOrganization;
let operator: TestOrganization;

beforeAll(async () => {
  world = await NodeWorld.start();
  ({ db, gateway, owner, customer, operator } = world);
});
afterAll(() => world.close());

describe('reports (W-19 to W-25, M-35)', () => {
  test('what jobs drew is their tenants\', the rest the owner\'s, Σ to the millijoule; grams and money come from the interval\'s signals', async () => {
    const node = await world.node('meter-1').join();
    await node.beat();
    node.at = Math.floor(node.at / 60_000) * 60_000 + 50_000; // two reports, two intervals of 60 s
    const intervals = [node.at - 50_000, node.at + 10_000];
    await db.inSystem((em) => insertSignals(em, intervals.flatMap((intervalStart, i) => [
      { zone: 'FR', kind: 'intensity' as const, basis: 'average_lifecycle' as const, fuel: null, intervalStart, lengthS: 60, sourceTime: intervalStart, value: BigInt(56_600 + i), source: 'test', sourceRef: 'test', issuedAt: intervalStart, quality: 'final' as const, override: false, flags: [] },
      { zone: 'FR', kind: 'price' as const, basis: null, fuel: null, intervalStart, lengthS: 60, sourceTime: intervalStart, value: BigInt(70_000_000 * (1 - 2 * i)), source: 'test', sourceRef: 'test', issuedAt: intervalStart, quality: 'final' as const, override: false, flags: [] },
    ])));
    const job = await world.place(node);
    const [first, second] = [node.make([{ ...job, work: 6_000_000n }]), node.make([{ ...job, work: 6_000_001n }])];
    expect(await node.report(first, second)).toEqual([{ sequence: 1, status: 'accepted', code: null }, { sequence: 2, status: 'accepted', code: null }]);
    const lines = await world.linesOf(job.workloadId);
    // One GPU and one job: all of the device (work + 700,000 idle) and all of the host (600,001) are the job's.
    expect(lines.map(({ energy_mj }) => energy_mj)).toEqual(['7300001', '7300002']);
    // 7,300,001 × 11,500 × 56,600 ÷ 36,000,000 = 131,988,073.6 ng; price 70 + 1 USD/MWh: 7,300,001 × 11,500 × 71,000,000 ÷ 3.6e16 = 165.57 µUSD
    expect(lines[0]).toMatchObject({ pue_e4: 11_500, intensity_mg_per_kwh: '56600', operational_ng: '131988074', price_micro_usd_per_mwh: '71000000', energy_micro_usd: '166', grade: 'modelled', quality: 'final' });
    // A negative price is a negative line: (−70 + 1) USD/MWh → −160.9 µUSD
    expect(lines[1]).toMatchObject({ intensity_mg_per_kwh: '56601', price_micro_usd_per_mwh: '-69000000', energy_micro_usd: '-161' });
    expect(lines[0].signal_refs).toHaveLength(2);
    const total = await world.workload(job.workloadId);
    expect(total).toMatchObject({ energy_mj: '14600003', energy_micro_usd: '5', grade: 'modelled', signal_quality: 'final' });
    expect(BigInt(total.operational_ng)).toBe(BigInt(lines[0].operational_ng) + BigInt(lines[1].operational_ng));
    // 7,300,001 × 1.15 = 8,395,001.15 and 7,300,002 × 1.15 = 8,395,002.3
    expect(total.facility_mj).toBe('16790003');
    const [stored] = await query<any>(db.superuserUrl, 'select sum(energy_mj) as energy, sum(tenants_mj) as tenants, sum(idle_mj) as idle from energy_reports where node_id = $1', [node.id]);
    expect(stored).toEqual({ energy: '14600003', tenants: '14600003', idle: '0' });
    expect(await world.count('report_openings', node.id)).toBe(2);
    // Another tenant reads none of it.
    expect(await db.inOrg(owner.id, (em) => rows(em, sql`select * from report_openings`))).toEqual([]);
  });

  test('without a signal row the grams are unknown, not 0, and are priced when the row is there', async () => {
    const node = await world.node('meter-unknown').join();
    await node.beat();
    node.at -= 300_000;
    const job = await world.place(node);
    await node.report(node.make([{ ...job, work: 1_000_000n }]));
    const [line] = await world.linesOf(job.workloadId);
    expect(line).toMatchObject({ energy_mj: '2300001', operational_ng: null, energy_micro_usd: null, signal_refs: [] });
    const intervalStart = Number(line.interval_start);
    const common = { zone: 'FR', fuel: null, intervalStart, lengthS: 60, sourceTime: intervalStart, source: 'test', sourceRef: 'test', issuedAt: Date.now(), quality: 'preliminary' as const, override: false, flags: [] };
    await db.inSystem((em) => insertSignals(em, [{ ...common, kind: 'intensity', basis: 'average_lifecycle', value: 40_000n }, { ...common, kind: 'price', basis: null, value: 0n }]));
    await node.report(node.make([{ ...job, work: 1_000_000n }]));
    expect((await world.linesOf(job.workloadId)).map(({ operational_ng }) => operational_ng !== null)).toEqual([true, ...((await world.linesOf(job.workloadId)).length > 1 ? [false] : [])]);
  });

  test('the same bytes again are a duplicate and book nothing; other bytes under the same sequence are equivocation', async () => {
    const node = await world.node('meter-2').join();
    await node.beat();
    const job = await world.place(node);
    const sent = node.make([{ ...job, work: 1_000_000n }]);
    expect(await node.report(sent, sent)).toMatchObject([{ status: 'accepted' }, { status: 'duplicate' }]);
    expect(await node.report(sent)).toMatchObject([{ status: 'duplicate' }]);
    expect((await world.workload(job.workloadId)).energy_mj).toBe('2300001');
    const { signature: _, ...bare } = { ...sent.report, nonce: randomBytes(16).toString('base64url') };
    expect(await node.report({ report: { ...bare, signature: node.signer.sign(messageToSign(bare)) }, openings: sent.openings })).toMatchObject([{ status: 'rejected', code: 'equivocation' }]);
    expect(await node.view()).toMatchObject({ state: 'quarantined', trust: 0.8 });
    const alerts = await query<any>(db.superuserUrl, `select org_id, severity from alerts where dedup_key = $1`, [`node.quarantined/${node.id}`]);
    expect(alerts.map(({ org_id }) => org_id).sort()).toEqual([customer.id, operator.id, owner.id].sort());
    expect(alerts.every(({ severity }) => severity === 'critical')).toBe(true);
  });

  test('after a refused report the chain goes on, from it or from the last accepted one', async () => {
    const node = await world.node('meter-3').join();
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
    const node = await world.node(`refuse-${code.replace('_', '-')}`).join();
    await node.beat();
    node.at -= 60_000;
    await node.report(node.make(), node.make());
    const before = await world.count('energy_reports', node.id);
    expect(await node.report(make(node))).toMatchObject([{ status: 'rejected', code }]);
    expect([await world.count('energy_reports', node.id), await world.count('energy_reports_refused', node.id)]).toEqual([before, 1]);
  });

  test('an unknown job, another fence and a job of another node are unknown_job', async () => {
    const [node, other] = [await world.node('meter-4').join(), await world.node('meter-5').join()];
    await node.beat();
    const [here, there] = [await world.place(node), await world.place(other)];
    for (const wrong of [{ jobId: `${uuidv7()}.1`, fence: 1 }, { ...here, fence: 2 }, there]) {
      node.previous = NO_PREVIOUS;
      expect(await node.report(node.make([{ ...wrong, work: 1n }]))).toMatchObject([{ code: 'unknown_job' }]);
    }
    expect((await node.view()).trust).toBe(0.6);
  });

  test('W-33: energy after the stay is over is the owner\'s idle, and books nothing to the tenant', async () => {
    const node = await world.node('meter-6').join();
    await node.beat();
    const job = await world.place(node, { ended: node.at + 10_000 });
    expect(await node.report(node.make([{ ...job, work: 1_000_000n }]), node.make([{ ...job, work: 1_000_000n }]))).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    expect((await world.workload(job.workloadId)).energy_mj).toBe('2300001');
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
    const node = await world.node(`bad-${randomBytes(4).toString('hex')}`).join();
    const answer = await gateway.request('POST', `/api/v1/nodes/${node.id}/energy-reports`, { headers: { authorization: `Bearer ${node.token}` }, raw: spoil(JSON.stringify({ reports: [node.make()] })) });
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
  });
});
