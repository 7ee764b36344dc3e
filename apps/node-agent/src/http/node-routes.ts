import { z } from 'zod';
import { Faults } from '../faults.ts';
import { refuse } from './protocol-error.ts';
import { readJson, route, type Call, type Route } from './server.ts';

export interface NodeView {
  health(): object;
  metrics(): string;
  isReady(): { readonly ready: boolean; readonly message: string };
  spooled(afterSequence: number, limit: number): readonly object[];
}

export interface TestControls {
  setFaults(faults: Faults): void;
}

export interface SimulationControls {
  complete(jobIds: readonly string[]): number;
}

const text = ({ response }: Call, body: string): undefined => void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);

export function nodeRoutes(node: NodeView): Route[] {
  const ready = () => {
    const { ready: isReady, message } = node.isReady();
    return { status: isReady ? 200 : 503, body: { status: isReady ? 'ready' : 'not_ready', checks: [{ name: 'meter', status: isReady ? 'ok' : 'failed', message }] } };
  };
  const alive = () => ({ status: 200, body: { status: 'ok' } });
  return [
    route('GET', '/agent/v1/health', () => ({ status: 200, body: node.health() })),
    route('GET', '/agent/v1/metrics', (call) => text(call, node.metrics())),
    route('GET', '/agent/v1/energy-reports', ({ url }) => {
      const number = (name: string, fallback: number, most: number) => {
        const value = Number(url.searchParams.get(name) ?? fallback);
        if (!Number.isSafeInteger(value) || value < 0 || value > most) throw refuse(400, 'invalid_request', `${name} is a whole number from 0 to ${most}.`);
        return value;
      };
      return { status: 200, body: { reports: node.spooled(number('after_sequence', 0, Number.MAX_SAFE_INTEGER), number('limit', 100, 1_000)) } };
    }),
    route('GET', '/healthz', alive, { open: true }),
    route('GET', '/startupz', alive, { open: true }),
    ...['/readyz', '/ready'].map((path) => route('GET', path, ready, { open: true })),
    route('GET', '/statusz', () => ({ status: 200, body: node.health() }), { open: true }),
    route('GET', '/metrics', (call) => text(call, node.metrics()), { open: true }),
  ];
}

/** W-29: not registered outside test mode, so production answers 404. */
export const faultRoutes = ({ setFaults }: TestControls): Route[] => [
  route('POST', '/agent/v1/sim/faults', async ({ request }) => {
    const parsed = Faults.safeParse(await readJson(request));
    if (!parsed.success) throw refuse(400, 'invalid_request', parsed.error.message);
    setFaults(parsed.data);
    return { status: 200, body: parsed.data };
  }),
];

const Complete = z.strictObject({ job_ids: z.array(z.string()).max(500) });

/** The demo's `complete_workloads` (W-134): simulated hardware only, never in production. */
export const simulationRoutes = ({ complete }: SimulationControls): Route[] => [
  route('POST', '/agent/v1/sim/complete', async ({ request }) => {
    const parsed = Complete.safeParse(await readJson(request));
    if (!parsed.success) throw refuse(400, 'invalid_request', parsed.error.message);
    return { status: 202, body: { count: complete(parsed.data.job_ids) } };
  }),
];
