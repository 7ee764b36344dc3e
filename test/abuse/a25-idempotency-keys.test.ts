import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import { sql } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { uuidv7 } from '#platform/ids/uuidv7';
import { Idempotency } from '../../apps/gateway/src/http/idempotency.ts';
import type { GatewayRequest } from '../../apps/gateway/src/http/request.ts';
import { Caller, type Principal } from '../../apps/gateway/src/identity/caller.ts';
import { Requires } from '../../apps/gateway/src/identity/requires.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway, type TestOrganization } from '../support/gateway.ts';

const Make = z.strictObject({ name: z.string(), refuse: z.enum(['422', '402', '403', '409', '500']).optional(), slow_ms: z.int().optional() });

/** A write with an effect that can be counted: one budget row a call. */
@Controller('test/budgets')
class BudgetsController {
  constructor(@Inject(Idempotency) private readonly idempotency: Idempotency) {}

  @Post()
  @HttpCode(202)
  @Requires('budget.write')
  make(@Req() request: GatewayRequest, @Res({ passthrough: true }) response: Response, @Caller() caller: Principal, @Body({ schema: Make }) body: z.output<typeof Make>) {
    return this.idempotency.answerOnce(request, response, caller, (em) => make(em, caller, body));
  }
}

@Controller('test/others')
class OthersController extends BudgetsController {}

async function make(em: SqlEntityManager, { orgId }: Principal, { name, refuse, slow_ms = 0 }: z.output<typeof Make>) {
  const id = uuidv7();
  await rows(em, sql`insert into budgets (org_id, id, name, unit, limit_amount) values (${orgId}, ${id}, ${name}, 'usd', 1)`);
  await delay(slow_ms);
  if (refuse === '500') throw new Error('a bug');
  if (refuse) throw new Problem(({ 422: 'no-node-matches', 402: 'budget-exceeded', 403: 'permission-denied', 409: 'invalid-transition' } as const)[refuse], 'Refused for the test.', { state: 'running' });
  return { status: 202, body: { zebra: 1, id, apple: 2 }, headers: { location: `/test/budgets/${id}` } };
}

let db: FreshDatabase;
let gateway: TestGateway;
let second: TestGateway;
let aurora: TestOrganization;
let bluefin: TestOrganization;
let n = 0;
let key: string;

beforeAll(async () => {
  db = await freshDatabase();
  await addOrganization(db, 'platform', { kind: 'platform' });
  [aurora, bluefin] = [await addOrganization(db, 'aurora-labs'), await addOrganization(db, 'bluefin-robotics')];
  const controllers = [BudgetsController, OthersController];
  [gateway, second] = [await startGateway(db, {}, { controllers }), await startGateway(db, {}, { controllers })];
});
afterAll(async () => {
  await Promise.all([gateway.close(), second.close()]);
  await db.close();
});
beforeEach(() => void (key = `the-key-of-this-test-${(n += 1)}`));

const post = (body: unknown, { on = gateway, by = aurora, path = '/test/budgets', with: header = key }: { on?: TestGateway; by?: TestOrganization; path?: string; with?: string } = {}) =>
  on.request('POST', path, { key: by.key, body, headers: { 'idempotency-key': header } });
const made = async (name: string) => (await query<{ n: number }>(db.superuserUrl, 'select count(*)::int as n from budgets where name = $1', [name]))[0]!.n;
const replayed = ({ headers }: { headers: Headers }) => headers.get('idempotency-replayed') === 'true';

describe('A25, R-7, O-100', () => {
  test('the same key again: same status, body byte by byte, Location; one effect', async () => {
    const first = await post({ name: 'again' });
    const again = await post({ name: 'again' });
    expect([first.status, replayed(first)]).toEqual([202, false]);
    expect([again.status, replayed(again)]).toEqual([202, true]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await made('again')).toBe(1);
  });

  test('fifty at once on two gateways make one effect', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => post({ name: 'at once' }, { on: i % 2 ? gateway : second })));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.filter(replayed)).toHaveLength(49);
    expect(await made('at once')).toBe(1);
  });

  test('another body, also one outside of the schema: 422, no effect; members in another order are the same body', async () => {
    await post({ name: 'one', slow_ms: 0 });
    expect(await post({ name: 'two' })).toMatchObject({ status: 422, json: { code: 'idempotency-mismatch' } });
    expect(await post({ name: 7 })).toMatchObject({ status: 422, json: { code: 'idempotency-mismatch' } });
    expect(replayed(await post({ slow_ms: 0, name: 'one' }))).toBe(true);
    expect(await made('two')).toBe(0);
  });

  test('scope is organisation and route', async () => {
    const answers = [await post({ name: 'scope' }), await post({ name: 'scope' }, { by: bluefin }), await post({ name: 'scope' }, { path: '/test/others' })];
    expect(answers.map(replayed)).toEqual([false, false, false]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(3);
  });

  test.each(['422', '402', '409'] as const)('a refusal of %s leaves nothing, and is replayed as it was', async (refuse) => {
    const name = `refused ${refuse}`;
    const first = await post({ name, refuse });
    const again = await post({ name, refuse });
    expect([first.status, replayed(first), again.status, replayed(again)]).toEqual([Number(refuse), false, Number(refuse), true]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await made(name)).toBe(0);
  });

  test('a body outside of the schema and one that is no JSON are answers too', async () => {
    const first = await post({ nam: 'x' });
    const again = await post({ nam: 'x' });
    expect([first.status, replayed(first), again.status, replayed(again)]).toEqual([400, false, 400, true]);
    expect(again.text).toBe(first.text);
    const raw = () => gateway.request('POST', '/test/budgets', { key: aurora.key, raw: '{', headers: { 'idempotency-key': `${key}-raw` } });
    expect([replayed(await raw()), replayed(await raw())]).toEqual([false, true]);
  });

  test.each(['403', '500'] as const)('%s is not kept: the next try is a new one', async (refuse) => {
    const tries = [await post({ name: 'not kept', refuse }), await post({ name: 'not kept', refuse })];
    expect(tries.map((answer) => [answer.status, replayed(answer)])).toEqual([[Number(refuse), false], [Number(refuse), false]]);
    expect(tries[0]!.text).not.toContain('a bug');
    expect(await made('not kept')).toBe(0);
  });

  test('who waits longer than 5 s for the first gets 409 and Retry-After, and the answer later', async () => {
    const first = post({ name: 'slow', slow_ms: 6_000 });
    await delay(200);
    const [here, there] = await Promise.all([post({ name: 'slow', slow_ms: 6_000 }), post({ name: 'slow', slow_ms: 6_000 }, { on: second })]);
    for (const answer of [here, there]) {
      expect(answer).toMatchObject({ status: 409, json: { code: 'idempotency-in-progress' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    const { text } = await first;
    const later = await post({ name: 'slow', slow_ms: 6_000 });
    expect([later.text, replayed(later)]).toEqual([text, true]);
  });

  test.each(['fifteen-letters', 'k'.repeat(256), 'k'.repeat(10_000), 'with a space inside it', 'ümlauts-are-not-ascii'])('the key %s is refused', async (bad) => {
    const answer = await post({ name: 'bad key' }, { with: encodeLatin1(bad) }).catch(() => undefined);
    // Ten thousand bytes fit into the header limits of the server, and are refused by the rule.
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request', errors: [{ pointer: '/Idempotency-Key' }] } });
    expect(await made('bad key')).toBe(0);
  });

  test('without a key every request is its own', async () => {
    const once = () => gateway.request('POST', '/test/budgets', { key: aurora.key, body: { name: 'without' } });
    expect((await once()).json.id).not.toBe((await once()).json.id);
    expect(await made('without')).toBe(2);
  });
});

const encodeLatin1 = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
