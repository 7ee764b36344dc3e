import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { chargeBudgets } from '#platform/budgets/charge';
import { rows } from '#platform/db/in-org';
import { amend, cancel, energyReported, resume } from '#workflows/workloads/workload.messages';
import { query } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { useRuntime } from '../support/runtime.ts';
import { workloadWorld, type WorkloadWorld } from '../support/workload-world.ts';

const BY = { by: 'customer' } as const;
const NG_PER_G = 1_000_000_000n;

describe.skipIf(!inject('temporal'))('W-172: a budget of 500 gCO2e', () => {
  let world: WorkloadWorld;
  beforeAll(async () => {
    useRuntime();
    // At 20 g/kWh the whole order is expected to take 276 g, so that it may start
    world = await workloadWorld(await takeNamespace(), { slugs: ['fr-paris-1'], intensityG: { FR: 20 } });
  });
  afterAll(() => world.close());

  /** As ingestion does: raises the totals, charges, and tells the run where a limit is reached. */
  const metered = async (id: string, grams: bigint) => {
    const { exhausted } = await world.db.inOrg(world.orgId, async (em) => {
      await rows(em, sql`update workloads set operational_ng = ${grams * NG_PER_G}, energy_mj = 1000 where id = ${id}`);
      return chargeBudgets(em, world.orgId, id);
    });
    if (exhausted) await world.handle(id).signal(energyReported, { budget: 'exhausted' });
    return exhausted;
  };
  const alerts = async (id: string) => (await query<{ kind: string }>(world.db.superuserUrl, `select kind from alerts where subject = $1 and state = 'firing' order by kind`, [id])).map(({ kind }) => kind);
  const budget = { ng: String(500n * NG_PER_G) };

  test('80 % alerts once, 100 % pauses with the cause; raised and resumed it goes on from the checkpoint', async () => {
    const id = await world.accept({ budget });
    await world.reaches(id, 'running');
    expect(await metered(id, 399n)).toBe(false);
    expect(await alerts(id)).toEqual([]);
    expect([await metered(id, 400n), await metered(id, 450n)]).toEqual([false, false]);
    expect(await alerts(id)).toEqual(['workload.budget_80']);
    expect(await metered(id, 500n)).toBe(true);
    const paused = await world.reaches(id, 'paused', 15_000);
    expect(paused.reason).toBe('budget');
    expect(await alerts(id)).toEqual(['workload.budget_100', 'workload.budget_80']);
    expect((await world.events(id)).filter(({ name }) => name === 'workload.budget').map(({ data }) => data.level)).toEqual([80, 100]);

    await world.handle(id).executeUpdate(amend, { args: [{ ...BY, budget: { ng: String(900n * NG_PER_G), on_exhausted: 'stop' } }] });
    expect(await alerts(id)).toEqual([]);
    await world.handle(id).executeUpdate(resume, { args: [BY] });
    const again = await world.reaches(id, 'running');
    expect(again).toMatchObject({ segment: 2, on_exhausted: 'stop' });
    expect(Number((await world.segments(id))[1].units_start)).toBe(paused.checkpoint.units_done);

    // And with `stop`, the next time is the end
    expect(await metered(id, 900n)).toBe(true);
    expect(await world.reaches(id, 'cancelled')).toMatchObject({ reason: 'budget_exhausted' });
  });

  test('energy without a carbon figure counts at the top of its range, never as 0', async () => {
    const id = await world.accept({ budget });
    await world.reaches(id, 'running');
    // 1 kWh at PUE 1.15 in FR, published mean 56 g/kWh + 60 %: 1 × 1.15 × 56 × 1.6 = 103.04 g; 5 kWh are 515.2 g
    const line = (kwh: number) => world.db.inOrg(world.orgId, (em) => rows(em, sql`
      insert into energy_lines (org_id, workload_id, segment, interval_start, length_s, node_id, zone, energy_mj, pue_e4, grade)
      select org_id, id, 1, '2026-01-01T00:00Z', 60, node_id, 'FR', ${BigInt(kwh) * 3_600_000_000n}, 11500, 'modelled' from workloads where id = ${id}
      on conflict (org_id, workload_id, segment, interval_start) do update set energy_mj = excluded.energy_mj`));
    await line(4);
    expect(await metered(id, 0n)).toBe(false);
    expect(await alerts(id)).toEqual(['workload.budget_80']);
    await line(5);
    expect(await metered(id, 0n)).toBe(true);
    expect((await world.reaches(id, 'paused')).reason).toBe('budget');
    await world.handle(id).executeUpdate(cancel, { args: [BY] });
    await world.reaches(id, 'cancelled');
  });

  test('used moves out of what was reserved, and the end gives back the rest, to the last unit', async () => {
    const sums = () => query<{ unit: string; reserved: string; used: string }>(world.db.superuserUrl, 'select unit, reserved, used from budgets where org_id = $1 order by unit', [world.orgId]);
    const before = await sums();
    const id = await world.accept({ units: 600 });
    await world.reaches(id, 'completed');
    const after = await sums();
    const row = await world.row(id);
    expect(after.map(({ reserved }) => reserved)).toEqual(before.map(({ reserved }) => reserved));
    const used = Object.fromEntries(after.map(({ unit, used: now }, i) => [unit, BigInt(now) - BigInt(before[i]!.used)]));
    expect(used).toMatchObject({ kwh: BigInt(row.energy_mj), usd: BigInt(row.compute_micro_usd) + BigInt(row.energy_micro_usd) });
  });
});
