import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { query } from '../support/database.ts';
import { NodeWorld } from '../support/node-world.ts';

let world: NodeWorld;

beforeAll(async () => void (world = await NodeWorld.start()));
afterAll(() => world.close());

/** As a settlement leaves a stay of one minute whose last reports are missing: an estimate in the line, and its fact posted. */
async function settle(workloadId: string, from: number, estimateMj: bigint) {
  const key = `usage/${workloadId}/1`;
  await world.db.inOrg(world.customer.id, async (em) => {
    await rows(em, sql`update energy_lines set energy_mj = energy_mj + ${estimateMj.toString()}::numeric, grade = 'estimated', price_micro_usd_per_mwh = 70000000, signal_refs = array['sha256:p'] where workload_id = ${workloadId}`);
    await rows(em, sql`
      update segments set started_at = ${new Date(from).toISOString()}, ended_at = ${new Date(from + 60_000).toISOString()}, gpu_seconds = 60, end_reason = 'completed', settled_at = clock_timestamp(),
             energy_mj = (select sum(energy_mj) from energy_lines where workload_id = ${workloadId}) where workload_id = ${workloadId}`);
    await rows(em, sql`
      insert into usage_facts (org_id, key, workload_id, segment, owner_org_id, node_id, fact)
      select org_id, ${key}, workload_id, segment, owner_org_id, node_id,
             jsonb_build_object('node_id', node_id, 'owner_org_id', owner_org_id, 'price_version', 1, 'pue_e4', pue_e4, 'cause', 'completed', 'billable', true, 'fence', fence, 'energy_mj', energy_mj::text)
        from segments where workload_id = ${workloadId}`);
  });
  return key;
}

const factsOf = (id: string) => query<any>(world.db.superuserUrl, 'select key, corrects, fact from usage_facts where workload_id = $1 order by posted_at', [id]);

/** A minute in one signal interval: four of six reports in time, the last two late. */
async function minute(slug: string) {
  const node = await world.node(slug).join();
  await node.beat();
  node.at = Math.floor(node.at / 60_000) * 60_000;
  const from = node.at;
  const job = await world.place(node);
  const made = Array.from({ length: 6 }, () => node.make([{ ...job, work: 1_000_000n }]));
  await node.report(...made.slice(0, 4));
  return { node, from, job, late: made.slice(4) };
}

/** What one report is: 1,000,000 of work, 700,000 idle, 600,001 of the host. */
const EACH = 2_300_001n;

describe('W-24: a report of a settled segment', () => {
  test('is a correction that names the fact, with what it replaces of the estimate; line, fact and totals stay', async () => {
    const { node, from, job, late } = await minute('late-1');
    const key = await settle(job.workloadId, from, 5_000_001n);
    const before = [await world.linesOf(job.workloadId), (await world.workload(job.workloadId)).energy_mj];
    expect(await node.report(late[0]!)).toMatchObject([{ status: 'accepted' }]);
    // 20 s were missing; 10 s of them replace 5,000,001 × 10 ÷ 20 = 2,500,000.5, down
    const [, first] = await factsOf(job.workloadId);
    expect(first).toMatchObject({
      key: `${key}/correction/1`, corrects: key,
      fact: {
        energy_mj: String(EACH - 2_500_000n), gpu_seconds: '0.000', gross_compute_micro_usd: '0', corrects: key,
        energy_lines: [{ interval: new Date(from).toISOString(), energy_mj: String(EACH - 2_500_000n), reported_mj: String(EACH), replaced_mj: '2500000', price_micro_usd_per_mwh: '70000000', signal_ref: ['sha256:p'], grade: 'modelled' }],
      },
    });
    expect(await node.report(late[1]!)).toMatchObject([{ status: 'accepted' }]);
    const facts = await factsOf(job.workloadId);
    expect(facts.map((row) => row.key)).toEqual([key, `${key}/correction/1`, `${key}/correction/2`]);
    // The second replaces all that is left of the estimate: the facts now sum to the six reports
    expect(facts.reduce((sum, { fact }) => sum + BigInt(fact.energy_mj), 0n)).toBe(6n * EACH);
    expect([await world.linesOf(job.workloadId), (await world.workload(job.workloadId)).energy_mj]).toEqual(before);
  });

  test('both in one batch sum to the same; sent again they correct nothing more; the energy is the tenant\'s', async () => {
    const { node, from, job, late } = await minute('late-2');
    await settle(job.workloadId, from, 5_000_001n);
    await node.report(...late);
    expect(await node.report(...late)).toMatchObject([{ status: 'duplicate' }, { status: 'duplicate' }]);
    const facts = await factsOf(job.workloadId);
    expect(facts).toHaveLength(2);
    expect(facts.reduce((sum, { fact }) => sum + BigInt(fact.energy_mj), 0n)).toBe(6n * EACH);
    const [stored] = await query<any>(world.db.superuserUrl, 'select sum(tenants_mj) as tenants, sum(idle_mj) as idle from energy_reports where node_id = $1', [node.id]);
    expect(stored).toEqual({ tenants: String(6n * EACH), idle: '0' });
  });

  test('what it says of the time after the stay is the owner\'s (W-33)', async () => {
    const { node, from, job, late } = await minute('late-3');
    await settle(job.workloadId, from, 5_000_000n);
    await node.report(...late, node.make([{ ...job, work: 1_000_000n }]));
    expect((await factsOf(job.workloadId)).reduce((sum, { fact }) => sum + BigInt(fact.energy_mj), 0n)).toBe(6n * EACH);
  });

  test('of lost work is none: it is not billed (W-122)', async () => {
    const { node, from, job, late } = await minute('late-4');
    await settle(job.workloadId, from, 5_000_000n);
    await query(world.db.superuserUrl, 'update segments set gpu_seconds = 0 where workload_id = $1', [job.workloadId]);
    expect(await node.report(...late)).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    expect(await factsOf(job.workloadId)).toHaveLength(1);
  });
});
