import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPermission } from '#domain/permissions/catalogue';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { addOrganization, startGateway, type TestGateway } from '../support/gateway.ts';

let db: FreshDatabase;
let gateway: TestGateway;

beforeAll(async () => {
  db = await freshDatabase();
  await addOrganization(db, 'platform', { kind: 'platform' });
  gateway = await startGateway(db);
});
afterAll(async () => {
  await gateway.close();
  await db.close();
});

interface Operation {
  readonly 'x-permission'?: string;
  readonly operationId: string;
}

describe('the OpenAPI document (P-29)', () => {
  test('every operation names one permission of the catalogue, or public; no two have one name', async () => {
    const { status, json } = await gateway.request('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(json.openapi).toMatch(/^3\./);
    const operations = Object.entries(json.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ where: `${method} ${path}`, ...operation })));
    expect(operations.length).toBeGreaterThan(5);
    for (const { where, 'x-permission': permission } of operations) expect(`${where}: ${permission === 'public' || isPermission(permission ?? '')}`).toBe(`${where}: true`);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  test('without a credential every operation that is not public is 401, before anything else of it is looked at (A1)', async () => {
    const { json } = await gateway.request('GET', '/openapi.json');
    for (const [path, methods] of Object.entries(json.paths as Record<string, Record<string, Operation>>))
      for (const [method, operation] of Object.entries(methods)) {
        if (operation['x-permission'] === 'public') continue;
        const answer = await gateway.request(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'nobody'), method === 'get' ? {} : { raw: 'not json' });
        expect(`${method} ${path} ${answer.status} ${answer.json?.code}`).toBe(`${method} ${path} 401 unauthenticated`);
      }
  });
});

describe('the first page', () => {
  test('says where things are and what is simulated, runs no script and is framed by nobody', async () => {
    const { status, headers, text } = await gateway.request('GET', '/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    for (const word of ['/api/v1', '/openapi.json', 'Temporal Web UI', 'Simulated here', 'GPU nodes']) expect(text).toContain(word);
    expect(text).not.toContain('<script');
  });
});
