import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gradeOf } from '#domain/energy-report/report';
import type { Signer } from '#platform/signing/ed25519';
import type { Logger } from '#platform/telemetry/logger';
import { NO_FAULTS, type Faults } from './faults.ts';
import { loadRegistration, loadSigner, register } from './gateway/credentials.ts';
import { GatewayClient, GatewayError, Outage, type Registration } from './gateway/gateway-client.ts';
import { Beat, heartbeatOf } from './gateway/heartbeat.ts';
import { jobRoutes } from './http/job-routes.ts';
import { faultRoutes, nodeRoutes, simulationRoutes } from './http/node-routes.ts';
import { createAgentServer, type Route } from './http/server.ts';
import { inferenceRoutes } from './inference/inference-routes.ts';
import { Jobs } from './jobs/jobs.ts';
import { hasEnded, type JobRecord } from './jobs/job.ts';
import type { Machine, OnChange } from './machine/machine.ts';
import { SimulatedMachine } from './machine/simulated-machine.ts';
import { metricsText } from './metrics.ts';
import { ReportMaker } from './reports/report-maker.ts';
import { Reporter } from './reports/reporter.ts';
import { Spool } from './reports/spool.ts';

const AGENT_VERSION = '0.1.0';
const RETRY_REGISTER_MS = 2_000;
/** The launcher gives a node 1.5 s; a checkpoint of 20 GB takes half of that at the sample time scale. */
const DRAIN_MS = 1_000;

export interface AgentOptions {
  readonly mode: 'local' | 'test' | 'production';
  readonly dataDir: string;
  readonly gatewayUrl: string;
  readonly enrolmentToken: string | undefined;
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly reportS: number;
  readonly makeMachine: (onChange: OnChange) => Machine;
  readonly log: Logger;
}

/** One GPU node: its machine, its jobs, its signed meter and the endpoints of W-16, wired together. */
export class Agent {
  readonly bootId = randomUUID();
  private readonly began = Date.now();
  private readonly machine: Machine;
  private readonly jobs: Jobs;
  private readonly spool: Spool;
  private readonly signer: Signer;
  private readonly gateway: GatewayClient;
  private readonly server;
  private registration: Registration | undefined;
  private serverNonce = '';
  private desired: 'serve' | 'drain' | 'stop' = 'serve';
  private faults: Faults = NO_FAULTS;
  private beat: Beat | undefined;
  private reporter: Reporter | undefined;
  private closed = false;
  private readonly heartbeats: Outage;
  private readonly registering: Outage;

  constructor(private readonly options: AgentOptions) {
    const { dataDir, gatewayUrl, log, makeMachine } = options;
    this.heartbeats = new Outage(log, 'sending heartbeats');
    this.registering = new Outage(log, 'registering with the gateway');
    this.signer = loadSigner(dataDir);
    this.registration = loadRegistration(dataDir, options.address);
    this.gateway = new GatewayClient(gatewayUrl);
    this.spool = new Spool(join(dataDir, 'spool'));
    this.jobs = new Jobs(join(dataDir, 'jobs.jsonl'), () => this.machine, (record) => this.jobChanged(record));
    this.machine = makeMachine((jobId, change) => this.jobs.apply(jobId, change));
    this.server = createAgentServer({ routes: this.routes(), agentToken: () => this.registration?.agent_token ?? null, log });
  }

  /** Listens first, so that the gateway's first question after registering finds an answer. @returns the port */
  async start(): Promise<number> {
    this.server.listen(this.options.port, this.options.host);
    await once(this.server, 'listening');
    this.jobs.resume();
    void this.join();
    return (this.server.address() as AddressInfo).port;
  }

  /** Saves what runs, reports what was drawn and leaves; what cannot be sent lies in the spool. */
  async close(): Promise<void> {
    this.closed = true;
    this.beat?.close();
    await this.saveAll();
    await this.reporter?.close();
    this.server.close();
    this.server.closeAllConnections();
    this.machine.close();
    this.jobs.close();
  }

  private routes(): Route[] {
    const { machine, jobs, options } = this;
    const simulated = machine instanceof SimulatedMachine ? machine : undefined;
    return [
      ...jobRoutes(jobs, gradeOf(machine.method), () => this.faults),
      ...nodeRoutes({ health: () => this.health(), metrics: () => metricsText(jobs, machine, this.spool), isReady: () => this.isReady(), spooled: (after, limit) => this.spool.after(this.bootId, after, limit) }),
      ...(simulated ? inferenceRoutes(simulated, () => this.faults) : []),
      ...(simulated && options.mode !== 'production' ? simulationRoutes({ complete: (ids) => ids.filter((id) => simulated.complete(id)).length }) : []),
      ...(simulated && options.mode === 'test' ? faultRoutes({ setFaults: (faults) => this.setFaults(faults, simulated) }) : []),
    ];
  }

  private health(): object {
    const { inventory } = this.machine;
    const free = new Set(this.jobs.freeGpus().map(({ uuid }) => uuid));
    const levels = this.machine.draw().utilisationE3;
    return {
      status: this.faults.health, availability: this.jobs.getAvailability(), boot_id: this.bootId, agent_version: AGENT_VERSION, hardware: inventory.hardware,
      time_scale: inventory.timeScale, uptime_s: Math.floor((Date.now() - this.began) / 1_000),
      gpus: inventory.gpus.map(({ uuid }, i) => ({ uuid, busy: !free.has(uuid), temperature_c: 30 + Math.round(levels[i]! / 25) })),
      meter: this.machine.meter(), clock: new Date(Date.now() + this.faults.clock_s * 1_000).toISOString(), models: inventory.models,
    };
  }

  private isReady() {
    if (this.machine.meter() !== 'ok') return { ready: false, message: 'the meter gives no reading' };
    return this.registration ? { ready: true, message: 'meter and registration are there' } : { ready: false, message: 'not registered with the gateway yet' };
  }

  private setFaults(faults: Faults, machine: SimulatedMachine): void {
    this.faults = faults;
    machine.setMeter(faults.meter === 'ok');
    this.jobs.setAvailability(faults.availability);
    this.beat?.soon();
  }

  private jobChanged(record: JobRecord): void {
    const { job_id, state, units_done, body } = record;
    this.options.log.info({ event: 'job.state', job_id, fence: body.fence, state, units_done }, `job ${state}`);
    if (hasEnded(record)) this.reporter?.cutSoon();
    this.beat?.soon();
  }

  /** Registers (again and again until the gateway is there), then beats and reports. */
  private async join(): Promise<void> {
    const { dataDir, enrolmentToken, address, log } = this.options;
    while (!this.registration && !this.closed) {
      try {
        if (!enrolmentToken) throw new GatewayError(undefined, 'there is no registration here and NODE_ENROLMENT_TOKEN is not set; make an enrolment with POST /api/v1/nodes/enrolments');
        this.registration = await register(dataDir, this.gateway, this.signer, this.machine.inventory, { token: enrolmentToken, address, agentVersion: AGENT_VERSION });
        log.info({ event: 'node.registered', node_id: this.registration.node_id }, 'registered with the gateway');
        this.registering.worked();
      } catch (error) {
        this.registering.failed(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_REGISTER_MS).unref());
      }
    }
    if (this.registration && !this.closed) this.serve(this.registration);
  }

  private serve(registration: Registration): void {
    const { machine, spool, gateway, options } = this;
    this.serverNonce = registration.report_nonce;
    const identity = { nodeId: registration.node_id, keyId: registration.key_id, bootId: this.bootId, hardware: machine.inventory.hardware, timeScale: machine.inventory.timeScale, method: machine.method };
    this.beat = new Beat(registration.heartbeat_s * 1_000, (sequence) => this.sendBeat(registration, sequence));
    this.reporter = new Reporter({
      machine, spool, gateway, registration, maker: new ReportMaker(identity, this.signer), faults: () => this.faults, serverNonce: () => this.serverNonce,
      reportS: options.reportS, log: options.log,
    });
  }

  private async sendBeat(registration: Registration, sequence: number): Promise<boolean> {
    if (this.faults.silent) return true;
    try {
      const answer = await this.gateway.heartbeat(registration, heartbeatOf(this.bootId, sequence, this.jobs, this.machine));
      this.serverNonce = answer.report_nonce;
      this.heartbeats.worked();
      this.obey(answer.desired);
      return true;
    } catch (error) {
      this.heartbeats.failed(error);
      if (error instanceof GatewayError && error.status === 401) await this.joinAgain();
      return false;
    }
  }

  /** The gateway does not know the token any more: with an enrolment the node comes back under its own key. */
  private async joinAgain(): Promise<void> {
    const { dataDir, enrolmentToken, address } = this.options;
    if (!enrolmentToken) return;
    try {
      const again = await register(dataDir, this.gateway, this.signer, this.machine.inventory, { token: enrolmentToken, address, agentVersion: AGENT_VERSION });
      this.beat?.close();
      await this.reporter?.close();
      this.registration = again;
      this.serve(again);
    } catch (error) {
      this.registering.failed(error);
    }
  }

  private obey(desired: 'serve' | 'drain' | 'stop'): void {
    if (desired === this.desired) return;
    this.desired = desired;
    this.jobs.setAvailability(desired === 'serve' ? this.faults.availability : 'draining');
  }

  private async saveAll(): Promise<void> {
    const saving = this.jobs.active().filter(({ body }) => body.checkpoint !== null);
    for (const { job_id } of saving) this.machine.checkpoint(job_id, false);
    const until = Date.now() + DRAIN_MS;
    const isSaving = ({ job_id, last_checkpoint }: JobRecord) => this.jobs.get(job_id).last_checkpoint?.id === last_checkpoint?.id && !hasEnded(this.jobs.get(job_id));
    while (saving.some(isSaving) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
