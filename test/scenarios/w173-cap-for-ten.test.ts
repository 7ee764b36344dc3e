import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { rows } from '#platform/db/in-org';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { startGateway, type Answer, type TestGateway } from '../support/gateway.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { sampleWorld, type SampleWorld } from '../support/sample-world.ts';

// W-173: GIVEN an organisation's cap for 10 such jobs WHEN 1,000 posts come through two gateways, one killed midway, THEN exactly 10 are accepted, others 402.
const PATH = '/api/v1/workloads';
const POSTS = 1_000;
const AT_ONCE = 40;
/** One node can ever take it, so that every post needs the same. */
const order = (name: string) => ({ name, kind: 'fine_tune', resources: { gpu_model: 'h100-sxm-80' }, constraints: { zones: ['FR'] }, work: { h100_seconds: 36_000 }, schedule: { flexible: false } });

if (!inject('temporal')) console.warn('SKIP w173: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

describe.skipIf(!inject('temporal'))('W-173: a cap for ten', () => {
  let db: FreshDatabase;
  let world: SampleWorld;
  let gateways: TestGateway[];
  beforeAll(async () => {
    db = await freshDatabase();
    world = await sampleWorld(db);
    const env = { TEMPORAL_NAMESPACE: await takeNamespace(), GRID_INTERVAL_S: '300' };
    gateways = await Promise.all([startGateway(db, env), startGateway(db, env)]);
  }, 60_000);
  afterAll(async () => {
    await Promise.allSettled(gateways.map((gateway) => gateway.close()));
    await db.close();
  });

  /** µUSD that one such job reserves: estimate × 1.25. */
  async function reservedByOne(): Promise<bigint> {
    const { json } = await gateways[0]!.request('POST', `${PATH}/quote`, { key: world.keys['aurora-labs']!, body: order('quoted') });
    return (BigInt(json.candidates[0].expected_micro_usd) * 5n + 3n) / 4n;
  }

  test('exactly ten of a thousand are accepted, whichever gateway they came through', async () => {
    const org = world.orgs['iberia-cloud']!;
    const one = await reservedByOne();
    await db.inOrg(org, (em) => rows(em, sql`insert into budgets (org_id, id, name, unit, limit_amount) values (${org}, gen_random_uuid(), 'Ten jobs', 'usd', ${one * 10n + one / 2n})`));

    const answers: (Answer | null)[] = [];
    let sent = 0;
    const sender = async () => {
      for (let n = sent++; n < POSTS; n = sent++) {
        const gateway = gateways[n % 2]!;
        answers.push(await gateway.request('POST', PATH, { key: world.keys['iberia-cloud']!, body: order(`post ${n}`) }).catch(() => null));
        // The second gateway goes away under load, with requests in its hands.
        if (answers.length === 6) void gateways[1]!.close().catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));

    const count = (status: number) => answers.filter((answer) => answer?.status === status).length;
    expect(count(202) + count(402) + answers.filter((answer) => answer === null || answer.status === 503).length).toBe(POSTS);
    const [books] = await query<{ accepted: number; reserved: string; held: string }>(db.superuserUrl, `
      select (select count(*)::int from workloads where org_id = $1) as accepted, (select reserved from budgets where org_id = $1)::text as reserved,
             (select sum(reserved) from budget_reservations where org_id = $1)::text as held`, [org]);
    expect(books).toEqual({ accepted: 10, reserved: (one * 10n).toString(), held: (one * 10n).toString() });
    expect(count(202)).toBeLessThanOrEqual(10);
    const refusal = answers.find((answer) => answer?.status === 402)!;
    expect(refusal.json).toMatchObject({ code: 'budget-exceeded', budget: { name: 'Ten jobs', unit: 'usd', reserved_micro_usd: (one * 10n).toString(), needed_micro_usd: one.toString() } });
  }, 180_000);

  test('one Idempotency-Key sent fifty times is one workload', async () => {
    const before = await query<{ n: number }>(db.superuserUrl, 'select count(*)::int as n from workloads');
    const answers = await Promise.all(Array.from({ length: 50 }, () => gateways[0]!.request('POST', PATH, { key: world.keys['aurora-labs']!, body: order('once'), headers: { 'idempotency-key': 'w173-fifty-times-one' } })));
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
    expect(await query<{ n: number }>(db.superuserUrl, 'select count(*)::int as n from workloads')).toEqual([{ n: before[0]!.n + 1 }]);
  });
});
