import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createMetrics } from '#platform/telemetry/metrics';
import { cachedChecks, type Check } from './checks.ts';
import { startOpsListener, type OpsListener } from './ops-listener.ts';

let ops: OpsListener | undefined;
afterEach(() => ops?.close());

const ok: Check = { name: 'database', required: true, ask: async () => undefined };
const away = (required: boolean): Check => ({ name: 'temporal', required, ask: () => Promise.reject(new Error('no connection')) });

async function listen(checks: readonly Check[], more: Partial<Parameters<typeof startOpsListener>[0]> = {}) {
  ops = await startOpsListener({ bind: '127.0.0.1', port: 0, service: 'gateway', version: '1.2.3', metrics: createMetrics('gateway'), checks, ...more });
  return async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${ops!.port}${path}`, { method });
    const text = await response.text();
    return { status: response.status, text, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, any>) : {} };
  };
}

describe('the ops listener (O-47, O-48)', () => {
  test('is not ready before the start is over, then ready, then not ready while it drains', async () => {
    const ask = await listen([ok], { schema: async () => ({ schema_version: '202611211300_foundation', last_migrated_at: '2026-11-21T13:00:00.000Z' }) });
    expect(await ask('/startupz')).toMatchObject({ status: 503 });
    expect(await ask('/readyz')).toMatchObject({ status: 503, json: { status: 'not_ready', draining: false } });
    ops!.started();
    expect(await ask('/startupz')).toMatchObject({ status: 200 });
    expect((await ask('/readyz')).json).toEqual({
      status: 'ready', draining: false, version: '1.2.3', schema_version: '202611211300_foundation', last_migrated_at: '2026-11-21T13:00:00.000Z',
      checks: [{ name: 'database', status: 'ok', latency_ms: expect.any(Number) }],
    });
    ops!.draining();
    expect(await ask('/ready')).toMatchObject({ status: 503, json: { status: 'not_ready', draining: true } });
  });

  test('without a part that is not required it is degraded and serves; without a required one it does not', async () => {
    const ask = await listen([ok, away(false)]);
    ops!.started();
    expect(await ask('/readyz')).toMatchObject({ status: 200, json: { status: 'degraded', checks: [{ status: 'ok' }, { name: 'temporal', status: 'degraded', message: 'no connection' }] } });
    await ops!.close();
    const askAgain = await listen([ok, away(true)]);
    ops!.started();
    expect(await askAgain('/readyz')).toMatchObject({ status: 503, json: { status: 'not_ready', checks: [{ status: 'ok' }, { status: 'down' }] } });
  });

  test('answers within a second, whatever hangs', async () => {
    const ask = await listen([{ name: 'hangs', required: true, ask: () => new Promise(() => undefined) }]);
    const begin = performance.now();
    expect(await ask('/readyz')).toMatchObject({ status: 503, json: { checks: [{ status: 'down', message: 'no answer within 900 ms' }] } });
    expect(performance.now() - begin).toBeLessThan(1_100);
  });

  test('liveness looks at no dependency', async () => {
    const ask = await listen([away(true)]);
    expect(await ask('/healthz')).toMatchObject({ status: 200, json: { status: 'ok' } });
  });

  test('shows figures, and to operators the rest', async () => {
    const ask = await listen([ok], { status: () => ({ accepted_risks: ['metrics-public'] }) });
    expect((await ask('/metrics')).text).toContain('process_cpu_seconds_total');
    expect((await ask('/statusz')).json).toMatchObject({ service: 'gateway', pid: process.pid, accepted_risks: ['metrics-public'], checks: [{ name: 'database' }] });
  });

  test.each([['/health', 'GET'], ['/', 'GET'], ['/readyz', 'POST'], ['/__proto__', 'GET'], ['/constructor', 'GET']])('%s %s is unknown', async (path, method) => {
    expect(await (await listen([ok]))(path, method)).toMatchObject({ status: 404 });
  });
});

describe('checks', () => {
  test('are asked once a second, however often a probe comes', async () => {
    let asked = 0;
    const ask = cachedChecks([{ name: 'counts', required: true, ask: async () => void (asked += 1) }]);
    await Promise.all(Array.from({ length: 20 }, ask));
    expect(asked).toBe(1);
    await delay(1_050);
    await ask();
    expect(asked).toBe(2);
  });

  test('may say something while all is well', async () => {
    expect(await cachedChecks([{ name: 'x', required: true, ask: async () => 'replica 2 of 3' }])()).toMatchObject([{ status: 'ok', message: 'replica 2 of 3' }]);
  });
});
