import type { ReportWithOpenings } from '#domain/energy-report/report';
import type { Logger } from '#platform/telemetry/logger';
import type { PublicJwk } from '#platform/signing/ed25519';
import type { Inventory } from '../machine/machine.ts';

const TIMEOUT_MS = 5_000;

export interface Registration {
  readonly node_id: string;
  readonly key_id: string;
  readonly node_token: string;
  readonly agent_token: string;
  readonly report_nonce: string;
  readonly heartbeat_s: number;
  readonly report_s: number;
}

export interface RegisterBody {
  readonly enrolment_token: string;
  readonly public_key: PublicJwk;
  readonly proof: string;
  readonly address: string;
  readonly agent_version: string;
}

export interface HeartbeatBody {
  readonly boot_id: string;
  readonly sequence: number;
  readonly availability: string;
  readonly meter: string;
  readonly gpus_free: number;
  readonly jobs: readonly { readonly job_id: string; readonly fence: number; readonly state: string; readonly units_done: number }[];
}

export interface ReportResult {
  readonly sequence: number;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly code: string | null;
}

/** The gateway did not answer as agreed; `status` is undefined when it did not answer at all. */
export class GatewayError extends Error {
  constructor(
    readonly status: number | undefined,
    detail: string,
  ) {
    super(detail);
  }
}

/** Says that the gateway is away once, and that it is back once: a night without it is two lines. */
export class Outage {
  private away = false;

  constructor(private readonly log: Logger, private readonly what: string) {}

  failed(error: unknown): void {
    if (!this.away) this.log.warn({ event: 'gateway.away', 'error.code': (error as Error).message }, `${this.what}: failed; trying again until it works`);
    this.away = true;
  }

  worked(): void {
    if (this.away) this.log.info({ event: 'gateway.back' }, `${this.what}: works again`);
    this.away = false;
  }
}

/** The agent's calls to the gateway (W-13, W-18, W-19): 5 s each, no redirects, so a token goes nowhere else. */
export class GatewayClient {
  constructor(private readonly base: string) {}

  register(body: RegisterBody, inventory: Inventory): Promise<Registration> {
    const { hardware, timeScale, gpus, host, power, models } = inventory;
    const power_model = { version: power.version, host_idle_w: power.hostIdleW, host_max_w: power.hostMaxW, gpu_idle_w: power.gpuIdleW, gpu_max_w: power.gpuMaxW };
    return this.post('/api/v1/nodes/register', body.enrolment_token, { ...body, hardware, time_scale: timeScale, gpus, host, power_model, models });
  }

  heartbeat({ node_id, node_token }: Registration, body: HeartbeatBody): Promise<{ desired: 'serve' | 'drain' | 'stop'; report_nonce: string }> {
    return this.post(`/api/v1/nodes/${node_id}/heartbeat`, node_token, body);
  }

  report({ node_id, node_token }: Registration, reports: readonly ReportWithOpenings[]): Promise<{ results: ReportResult[] }> {
    return this.post(`/api/v1/nodes/${node_id}/energy-reports`, node_token, { reports });
  }

  private async post<T>(path: string, token: string, body: object): Promise<T> {
    const request = { method: 'POST', redirect: 'error', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    const response = await fetch(`${this.base}${path}`, request).catch((error: Error) => {
      throw new GatewayError(undefined, `the gateway cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    });
    const text = await response.text();
    if (!response.ok) throw new GatewayError(response.status, `the gateway answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }
}
