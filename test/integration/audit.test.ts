import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAudit, auditHash, type AuditEntry } from '#platform/audit/append';
import { silentLogger } from '#platform/telemetry/logger';
import { DenialJournal } from '../../apps/gateway/src/identity/denial-journal.ts';
import type { GatewayRequest } from '../../apps/gateway/src/http/request.ts';
import { freshDatabase, query, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestOrganization } from '../support/gateway.ts';

let db: FreshDatabase;
let platform: TestOrganization;
let aurora: TestOrganization;
let bluefin: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  [platform, aurora, bluefin] = [await addOrganization(db, 'platform', { kind: 'platform' }), await addOrganization(db, 'aurora-labs'), await addOrganization(db, 'bluefin-robotics')];
});
afterAll(() => db.close());

interface Row {
  readonly seq: string;
  readonly event: Record<string, any>;
  readonly prev_hash: string;
  readonly hash: string;
}

const chainOf = (orgId: string) => query<Row>(db.superuserUrl, 'select seq, event, prev_hash, hash from audit_events where org_id = $1 order by seq', [orgId]);
const entry = (action: AuditEntry['action'], more: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: { type: 'api_key', id: 'k', credential_id: 'k', on_behalf_of: null }, action, target: { type: 'workload', id: 'w' }, outcome: 'allowed', permission: 'workload.create',
  reason: null, changes: [], requestId: null, traceId: null, context: { ip: '203.0.113.9', userAgent: 'curl' }, ...more,
});
const append = (org: TestOrganization, action: AuditEntry['action']) => db.inOrg(org.id, (em) => appendAudit(em, org.id, entry(action)));

/** An auditor's reading: names the first seq that is not as it must be. */
function firstBad(rows: readonly Row[]): number | undefined {
  let before = '0'.repeat(64);
  for (const [i, { event, hash, prev_hash }] of rows.entries()) {
    const { hash: claimed, ...rest } = event;
    if (event['seq'] !== i + 1 || event['prev_hash'] !== before || prev_hash !== before || claimed !== hash || auditHash(rest) !== hash) return i + 1;
    before = hash;
  }
  return undefined;
}

describe('the chain (P-58 to P-61, A13)', () => {
  test('has no gap and no fork when many write at once, and one chain per organisation', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => append(i % 2 ? aurora : bluefin, 'workload.create')));
    for (const org of [aurora, bluefin]) {
      const rows = await chainOf(org.id);
      expect(rows.map(({ seq }) => Number(seq))).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      expect(firstBad(rows)).toBeUndefined();
    }
    expect((await chainOf(aurora.id))[0]!.event['chain_id']).not.toBe((await chainOf(bluefin.id))[0]!.event['chain_id']);
  });

  test('a change that is rolled back leaves no event and no gap', async () => {
    const before = (await chainOf(aurora.id)).length;
    await db.inOrg(aurora.id, async (em) => {
      await appendAudit(em, aurora.id, entry('workload.cancel'));
      throw new Error('rolled back');
    }).catch(() => undefined);
    await append(aurora, 'workload.pause');
    const rows = await chainOf(aurora.id);
    expect(rows).toHaveLength(before + 1);
    expect(firstBad(rows)).toBeUndefined();
  });

  test('holds a commitment instead of address and user agent, and verifies after they are erased (P-60)', async () => {
    const rows = await chainOf(aurora.id);
    expect(JSON.stringify(rows)).not.toMatch(/203\.0\.113\.9|curl/);
    expect(rows[0]!.event['pii_commitment']).toMatch(/^[0-9a-f]{64}$/);
    await query(db.superuserUrl, `update audit_context set ip = null, user_agent = null, salt = '' where org_id = $1`, [aurora.id]);
    expect(firstBad(await chainOf(aurora.id))).toBeUndefined();
  });

  test.each(['wattbook_app', 'wattbook_owner'])('%s can neither change nor remove', async (role) => {
    const url = db.ownerUrl.replace('wattbook_owner', role);
    for (const statement of [`update audit_events set action = 'x'`, 'delete from audit_events', 'truncate audit_events'])
      await expect(query(url, `begin; set local app.org = '${aurora.id}'; ${statement}`)).rejects.toMatchObject({ code: '42501' });
  });

  test.each([
    ['changed', 5, `update audit_events set event = event || '{"outcome":"denied"}' where org_id = $1 and seq = 5`],
    ['removed', 7, 'delete from audit_events where org_id = $1 and seq = 7'],
    ['swapped', 3, `update audit_events a set event = b.event, hash = b.hash, prev_hash = b.prev_hash from audit_events b where a.org_id = $1 and b.org_id = $1 and ((a.seq = 3 and b.seq = 4) or (a.seq = 4 and b.seq = 3))`],
  ])('a row %s by a superuser is named: %d', async (_, seq, statement) => {
    const org = await addOrganization(db, `org-${randomUUID().slice(0, 8)}`);
    for (let i = 0; i < 10; i += 1) await append(org, 'workload.create');
    await query(db.superuserUrl, 'set session_replication_role = replica; ' + statement.replaceAll('$1', `'${org.id}'`));
    expect(firstBad(await chainOf(org.id))).toBe(seq);
  });
});

describe('refusals without a credential (P-63)', () => {
  const request = (ip: string) => ({ ip, method: 'POST', route: { path: '/api/v1/workloads' } }) as unknown as GatewayRequest;

  test('nineteen of a kind are nineteen events, and the rest of their minute is one with a count', async () => {
    const journal = new DenialJournal(db, silentLogger);
    for (let i = 0; i < 50; i += 1) journal.unauthenticated(request('203.0.113.9'), 'workload.create');
    for (let i = 0; i < 3; i += 1) journal.unauthenticated(request('203.0.113.10'), 'workload.create');
    await journal.onApplicationShutdown();
    const events = (await chainOf(platform.id)).map(({ event }) => event);
    expect(events.filter(({ count }) => count === undefined)).toHaveLength(19 + 3);
    expect(events.filter(({ count }) => count !== undefined)).toMatchObject([{ count: 31, action: 'workload.create', outcome: 'denied', reason: 'unauthenticated', target: { id: 'POST /api/v1/workloads' } }]);
    expect(firstBad(await chainOf(platform.id))).toBeUndefined();
  });

  test('wait while the store is away, and are written when it is back', async () => {
    let away = true;
    const flaky = { ...db, inSystem: ((work) => (away ? Promise.reject(new Error('away')) : db.inSystem(work))) as typeof db.inSystem };
    const journal = new DenialJournal(flaky, silentLogger);
    const before = (await chainOf(platform.id)).length;
    journal.unauthenticated(request('203.0.113.11'), 'grid.read');
    await journal.flush();
    expect(await chainOf(platform.id)).toHaveLength(before);
    away = false;
    await journal.flush();
    expect((await chainOf(platform.id)).slice(before).map(({ event }) => event['action'])).toEqual(['grid_event.read']);
    await journal.onApplicationShutdown();
  });
});

test('twenty ids that are not there in a minute are a probe, told once, in the chain of whose key it is (P-63)', async () => {
  const gateway = await startGateway(db);
  const ask = () => gateway.request('GET', `/api/v1/api-keys/${randomUUID()}`, { key: bluefin.key });
  const probes = async () => (await chainOf(bluefin.id)).filter(({ event }) => event['action'] === 'access.probe');
  try {
    for (let i = 0; i < 19; i += 1) expect((await ask()).status).toBe(404);
    expect(await probes()).toEqual([]);
    for (let i = 0; i < 30; i += 1) await ask();
    await expect.poll(probes).toHaveLength(1);
    expect((await probes())[0]!.event).toMatchObject({ outcome: 'denied', count: 20, actor: { id: bluefin.keyRow }, target: { id: 'GET /api/v1/api-keys/:id' } });
    expect(firstBad(await chainOf(bluefin.id))).toBeUndefined();
  } finally {
    await gateway.close();
  }
});
