import type { Logger } from '#platform/telemetry/logger';
import type { Faults } from '../faults.ts';
import { GatewayError, Outage, type GatewayClient, type Registration } from '../gateway/gateway-client.ts';
import { nextWholeSecond } from '../machine/energy-book.ts';
import type { Machine } from '../machine/machine.ts';
import { claimed, tampered } from './faulty.ts';
import type { ReportMaker } from './report-maker.ts';
import type { Spool } from './spool.ts';

const BATCH = 200;
const RETRY_MS = [1_000, 2_000, 5_000, 15_000, 30_000];
/** Timers may fire a moment before the wall clock's second. */
const AFTER_MS = 5;

export interface ReporterDeps {
  readonly machine: Machine;
  readonly maker: ReportMaker;
  readonly spool: Spool;
  readonly gateway: GatewayClient;
  readonly registration: Registration;
  readonly faults: () => Faults;
  readonly serverNonce: () => string;
  readonly reportS: number;
  readonly log: Logger;
}

/** Makes a report at every multiple of `reportS` and early when asked, spools it, and pushes the spool in order (W-19). */
export class Reporter {
  private timer: NodeJS.Timeout | undefined;
  private early: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private pushing: Promise<void> | undefined;
  private failures = 0;
  private closed = false;
  private readonly outage: Outage;

  constructor(private readonly deps: ReporterDeps) {
    this.outage = new Outage(deps.log, 'sending energy reports');
    this.schedule();
    this.push();
  }

  /** A job ended: its last report need not wait for the interval's end, only for the running second's. */
  cutSoon(): void {
    if (this.early || this.closed) return;
    const wait = nextWholeSecond(Date.now()) - Date.now() + AFTER_MS;
    this.early = setTimeout(() => {
      this.early = undefined;
      this.deps.machine.cut();
      this.collect();
    }, wait);
  }

  /** Spools what is metered and tries once to send it. */
  async close(): Promise<void> {
    this.closed = true;
    for (const timer of [this.timer, this.early, this.retry]) clearTimeout(timer);
    this.deps.machine.cut();
    this.collect();
    await this.pushing;
  }

  collect(): void {
    const { machine, maker, spool, faults, serverNonce } = this.deps;
    const { report: fault, clock_s } = faults();
    for (const slice of machine.takeSlices().flatMap((metered) => claimed(metered, fault)))
      for (const one of tampered(maker.make(slice, serverNonce(), clock_s * 1_000), fault, maker)) spool.put(one);
    this.push();
  }

  private schedule(): void {
    const period = this.deps.reportS * 1_000;
    const wait = period - (Date.now() % period) + AFTER_MS;
    this.timer = setTimeout(() => {
      this.collect();
      if (!this.closed) this.schedule();
    }, wait);
  }

  private push(): void {
    this.pushing ??= this.pushAll().finally(() => {
      this.pushing = undefined;
    });
  }

  private async pushAll(): Promise<void> {
    const { spool } = this.deps;
    spool.prune(Date.now());
    let limit = BATCH;
    while (spool.size > 0) {
      try {
        await this.pushOldest(limit);
        this.failures = 0;
        this.outage.worked();
      } catch (error) {
        this.outage.failed(error);
        if (!isUnreadable(error)) return this.retryLater();
        // One report that the gateway cannot read must not keep back the others: find it, and give up that one alone.
        if (limit === 1) spool.oldest(1).settle();
        limit = 1;
      }
    }
  }

  private async pushOldest(limit: number): Promise<void> {
    const { spool, gateway, registration, log } = this.deps;
    const { reports, settle } = spool.oldest(limit);
    const { results } = await gateway.report(registration, reports);
    settle();
    for (const { sequence, status, code } of results) if (status === 'rejected') log.warn({ event: 'report.rejected', sequence, code }, 'the gateway refused a report');
  }

  private retryLater(): void {
    if (this.closed) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.push(), RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)]);
    this.failures += 1;
  }
}

const isUnreadable = (error: unknown): boolean => error instanceof GatewayError && (error.status === 400 || error.status === 413);
