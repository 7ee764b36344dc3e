import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a product that works answers, as far as the demo asks; a test changes one answer and sees who notices. */
export interface StubProduct {
  readonly ready: Record<string, unknown>;
  /** `METHOD /path` → what is done to the answer that a working product gives. */
  readonly broken: Map<string, (answer: any) => unknown>;
  readonly logs: string;
  memo: string;
  close(): void;
}

const ID = '01a1fe7a-814b-7b53-8287-ed010290ecbf';
const CORRELATION = '54b15448076bb4dbd9c7c71de72f1574';
const SHED = 'shed-20261121T142005Z';
const ZONES = ['BE', 'DE', 'ES', 'FR', 'GB', 'IT', 'NL', 'PT', 'US-CAL-CISO', 'US-NY-NYIS', 'US-TEX-ERCO'];
const page = (data: unknown[]) => ({ data, next_cursor: null });
const side = (node: string) => ({ node, zone: 'FR', expected_ng: '1', expected_micro_usd: '2' });

export async function stubProduct(): Promise<StubProduct> {
  const folder = mkdtempSync(join(tmpdir(), 'wattbook-stub-'));
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const line = (more: object) => `${JSON.stringify({ event: 'x', correlation_id: CORRELATION, ...more })}\n`;
  for (const [name, text] of [['gateway', line({})], ['worker', line({ activity_type: 'startJob' })], ['node-fr-paris-1', line({})]] as const) writeFileSync(join(logs, `${name}.log`), text);

  const told = { shed: false, complete: false };
  const broken = new Map<string, (answer: any) => unknown>();
  const product = { broken, logs, memo: CORRELATION };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://x');
    const at = `${request.method} ${pathname}`;
    const answer = answerOf(at, told, product);
    const change = broken.get(at);
    const said = change ? change(answer) : answer;
    response.writeHead((said ?? undefined) === undefined ? 404 : 200, { 'content-type': 'application/json', 'x-request-id': 'request-1', 'x-correlation-id': CORRELATION });
    response.end(JSON.stringify(said ?? { code: 'not-found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const temporal = join(folder, 'temporal');
  writeFileSync(temporal, `#!/bin/sh\necho '{"workflowExecutionInfo":{"memo":{"fields":{"correlation_id":{"metadata":{},"data":"c2VhbGVk"}}}}}'\n`);
  chmodSync(temporal, 0o755);
  const ready = {
    gateway, api_keys: { 'aurora-labs': 'a', platform: 'p' }, logs, codec: `${gateway}/codec`, temporal_binary: temporal, temporal_address: '127.0.0.1:1', temporal_namespace: 'wattbook',
  };
  return Object.assign(product, {
    ready,
    close: () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

function answerOf(at: string, told: { shed: boolean; complete: boolean }, { memo }: { readonly memo: string }): unknown {
  const self = `/api/v1/workloads/${ID}`;
  const moved = told.shed;
  switch (at) {
    case 'GET /api/v1/zones': return page(ZONES.map((zone) => ({ zone, signal: { intensity: { value: '59.9', unit: 'gCO2e/kWh' }, price: { value: '70', unit: 'USD/MWh' }, source: 'simulated', quality: 'preliminary' } })));
    case 'POST /api/v1/workloads': return { id: ID };
    case `GET ${self}`: return {
      id: ID, state: told.complete ? 'completed' : 'running', reason: told.complete ? 'finished' : null, node: moved ? 'pt-sines-1' : 'fr-paris-1', zone: moved ? 'PT' : 'FR', segment: moved ? 2 : 1,
      progress: { units_done: told.complete ? 36_000 : moved ? 140 : 17, units_total: 36_000 }, energy: { energy_mj: '300', grade: 'modelled' },
    };
    case `GET ${self}/decisions`: return page([{ id: 'd', kind: 'place' }]);
    case 'GET /api/v1/decisions/d': return { winner: side('fr-paris-1'), runner_up: side('pt-sines-1'), candidates: [{ node: 'fr-paris-1', score: '0.3' }, { node: 'pt-sines-1', score: '0.4' }] };
    case 'POST /demo/simulate/trigger_curtailment': return Object.assign(told, { shed: true }) && { event_id: SHED };
    case `GET /api/v1/grid-events/FR/${SHED}`: return { id: SHED, kind: 'shed', open: true, evidence: { call: { target_percent: 100 } }, answers: [{ workload_id: ID, answer: 'moved' }] };
    case `POST /api/v1/grid-events/FR/${SHED}/close`: return {};
    case `GET ${self}/segments`: return page([{ segment: 1, end_reason: 'moved', energy_mj: '100' }, { segment: 2, end_reason: null, energy_mj: '200' }]);
    case 'POST /demo/simulate/complete_workloads': return Object.assign(told, { complete: true }) && { count: 1 };
    case `GET ${self}/energy`: return page([{ energy_mj: '100' }, { energy_mj: '200' }]);
    case `GET ${self}/result`: return { uri: 'x', sha256: 'ab'.repeat(32) };
    case 'POST /codec/wattbook/decode': return { payloads: [{ data: Buffer.from(JSON.stringify(memo)).toString('base64') }] };
    case 'GET /api/v1/audit/events': return page([{ action: 'workload.create', target: { id: ID }, trace_id: CORRELATION }]);
    default: return undefined;
  }
}
