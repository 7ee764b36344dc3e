import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type Answer, type TestGateway, type TestOrganization } from '../support/gateway.ts';

/** A cable to the database that can be pulled. */
async function cable(target: URL) {
  const sockets = new Set<Socket>();
  let cut = false;
  const server = createServer((near) => {
    if (cut) return void near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => (sockets.delete(one), other.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: Object.assign(new URL(target), { host: `127.0.0.1:${port}` }).href,
    pull: () => {
      cut = true;
      for (const socket of sockets) socket.destroy();
    },
    plug: () => void (cut = false),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let db: FreshDatabase;
let line: Awaited<ReturnType<typeof cable>>;
let gateway: TestGateway;
let aurora: TestOrganization;

beforeAll(async () => {
  db = await freshDatabase();
  await addOrganization(db, 'platform', { kind: 'platform' });
  aurora = await addOrganization(db, 'aurora-labs');
  line = await cable(new URL(db.url));
  gateway = await startGateway(db, { DATABASE_URL: line.url, WATTBOOK_CREDENTIAL_STALENESS_S: '3', TEMPORAL_ADDRESS: '127.0.0.1:1' });
});
afterAll(async () => {
  await gateway.close();
  line.close();
  await db.close();
});

const ask = () => gateway.request('GET', '/api/v1/organization', { key: aurora.key });
async function until(what: (answer: Answer) => boolean, withinMs: number): Promise<Answer> {
  const begin = performance.now();
  for (;;) {
    const answer = await ask();
    if (what(answer)) return answer;
    if (performance.now() - begin > withinMs) throw new Error(`not within ${withinMs} ms; last: ${answer.status} ${answer.text}`);
  }
}

describe('the database goes and comes back (O-49, O-98, P-55)', () => {
  test('503 with Retry-After, then nobody is let in, then all is well again without a restart', async () => {
    expect((await ask()).status).toBe(200);
    line.pull();
    const first = await ask();
    expect(first).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(first.headers.get('retry-after')).toBe('2');
    expect(first.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const begin = performance.now();
    await ask();
    expect(performance.now() - begin).toBeLessThan(3_000);

    const stale = await until(({ json }) => json.code === 'credentials-stale', 6_000);
    expect(stale.status).toBe(503);
    expect(stale.headers.get('retry-after')).toBe('2');

    line.plug();
    expect(await until(({ status }) => status === 200, 6_000)).toMatchObject({ json: { id: aurora.id } });
  });
});

describe('Temporal is away', () => {
  test('what needs only the database works', async () => {
    expect(await gateway.request('PATCH', '/api/v1/organization', { key: aurora.key, body: { home_zone: 'ES' }, headers: { 'if-match': '*' } })).toMatchObject({ status: 200 });
  });
});
