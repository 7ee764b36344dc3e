import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { GPUS } from '#domain/fleet/gpus';
import { EnergyBook, nextWholeSecond, wholeSecond, type Slice } from './energy-book.ts';
import type { Assignment, Inventory, Machine, OnChange, Progress } from './machine.ts';
import { NVIDIA_SMI_ARGS, parseNvidiaSmi, type GpuReading } from './nvidia-smi.ts';
import { ProcessJob } from './process-job.ts';
import type { RaplCounter } from './rapl.ts';

const SAMPLE_MS = 1_000;
/** A sample that comes later than this is a hole: what was drawn meanwhile nobody read. */
const LATE_MS = 3_000;

export type ReadGpus = () => Promise<readonly GpuReading[]>;

export const readNvidiaSmi: ReadGpus = async () => parseNvidiaSmi((await promisify(execFile)('nvidia-smi', [...NVIDIA_SMI_ARGS], { timeout: 5_000 })).stdout);

interface Running {
  readonly job: ProcessJob;
  readonly assignment: Assignment;
  energyUj: bigint;
}

export interface RealMachineOptions {
  readonly readings: readonly GpuReading[];
  readonly readGpus: ReadGpus;
  readonly rapl: RaplCounter;
  readonly jobsFolder: string;
  readonly reportS: number;
  readonly onChange: OnChange;
}

/**
 * Real GPUs: their power is sampled every second by the driver and integrated (trapezoids), the host's energy is the processor
 * packages' counters. A second without a reading ends the slice and is missing from the reports: no reading is not zero.
 */
export class RealMachine implements Machine {
  readonly method = 'nvml_power';
  readonly inventory: Inventory;
  private readonly running = new Map<string, Running>();
  private readonly book: EnergyBook;
  private readonly timer: NodeJS.Timeout;
  private last: readonly GpuReading[];
  private at: number;
  private readable = true;
  /** Whether the last sample gave all readings: only between two such does a trapezoid stand. */
  private isWhole = true;
  private lookedAt: number;

  constructor(private readonly options: RealMachineOptions) {
    this.inventory = inventoryOf(options.readings, options.rapl.maxW());
    this.last = options.readings;
    this.lookedAt = Date.now();
    this.at = nextWholeSecond(this.lookedAt);
    this.book = new EnergyBook(this.inventory.gpus.map(({ uuid }) => uuid), this.at, options.reportS);
    this.timer = setInterval(() => void this.sample(Date.now()), SAMPLE_MS);
  }

  start(assignment: Assignment): void {
    if (assignment.body.program === null) return this.refuse(assignment, 'no_program', 'Real hardware runs programs; the job has none.');
    const energyUj = assignment.energyMj * 1_000n;
    const job = new ProcessJob(assignment, this.options.jobsFolder, (change) => {
      const at = Date.now();
      const energy = this.running.get(assignment.jobId)?.energyUj ?? energyUj;
      if (change.state !== 'running' && change.state !== 'checkpointing') this.running.delete(assignment.jobId);
      this.options.onChange(assignment.jobId, { at, energyMj: energy / 1_000n, ...change });
    });
    this.running.set(assignment.jobId, { job, assignment, energyUj });
  }

  checkpoint(jobId: string, thenStop: boolean): void {
    this.running.get(jobId)?.job.save(thenStop);
  }

  stop(jobId: string): void {
    this.running.get(jobId)?.job.stop();
  }

  progress(jobId: string): Progress | undefined {
    const one = this.running.get(jobId);
    return one && { unitsDone: one.job.units(), energyMj: one.energyUj / 1_000n };
  }

  cut(): void {
    this.book.cut();
  }

  takeSlices(): Slice[] {
    return this.book.takeFinished();
  }

  meter(): 'ok' | 'no_reading' {
    return this.readable ? 'ok' : 'no_reading';
  }

  draw() {
    const powerMw = this.last.reduce((sum, { powerMw: one }) => sum + (one ?? 0n), 0n);
    return { powerMw, utilisationE3: this.last.map(({ utilisationE3 }) => utilisationE3) };
  }

  close(): void {
    clearInterval(this.timer);
    for (const { job } of this.running.values()) job.stop();
  }

  /** One look at the meters. Public for its test; the timer calls it. */
  async sample(now: number): Promise<void> {
    try {
      const hostUj = this.hostSince(now);
      const readings = await this.options.readGpus();
      const complete = readings.length === this.inventory.gpus.length && readings.every(({ powerMw }) => powerMw !== null);
      if (complete && now - this.at <= LATE_MS) this.integrate(this.isWhole ? this.last : readings, readings, hostUj, now);
      else this.skip(now);
      if (complete) this.last = readings;
      this.readable = this.isWhole = complete;
    } catch {
      this.readable = this.isWhole = false;
      this.skip(now);
    }
  }

  /** The counters' energy from the end of what is metered; of a longer time, because the last look failed, the share that belongs here. */
  private hostSince(now: number): bigint {
    const [uj, since] = [this.options.rapl.takeUj(), this.lookedAt];
    this.lookedAt = now;
    return since >= this.at ? uj : (uj * BigInt(Math.max(now - this.at, 0))) / BigInt(Math.max(now - since, 1));
  }

  /** Between two samples; whole seconds are told to the book, energy by the share of time before each. */
  private integrate(before: readonly GpuReading[], after: readonly GpuReading[], hostUj: bigint, now: number): void {
    const whole = BigInt(now - this.at);
    if (whole <= 0n) return;
    let hostLeft = hostUj;
    while (this.at < now) {
      const end = Math.min(now, wholeSecond(this.at) + 1_000);
      const ms = BigInt(end - this.at);
      const host = end === now ? hostLeft : (hostUj * ms) / whole;
      hostLeft -= host;
      this.book.addHost(host);
      after.forEach((reading, gpu) => this.addGpu(gpu, ((before[gpu]!.powerMw! + reading.powerMw!) * ms) / 2n, host));
      this.at = end;
      if (end % 1_000 === 0) this.book.boundary(end);
    }
  }

  /** A GPU that a job holds works for that job alone (W-25); else its energy is idle. */
  private addGpu(gpu: number, uj: bigint, hostUj: bigint): void {
    const { uuid } = this.inventory.gpus[gpu]!;
    const holder = [...this.running.values()].find(({ assignment }) => assignment.gpus.includes(uuid));
    if (!holder) return this.book.addIdle(uuid, uj);
    holder.energyUj += uj + hostUj / BigInt(this.inventory.gpus.length);
    this.book.addJob(uuid, { jobId: holder.assignment.jobId, fence: holder.assignment.body.fence }, uj);
  }

  private skip(now: number): void {
    this.at = nextWholeSecond(now);
    this.book.skipTo(this.at);
  }

  private refuse({ jobId, unitsDone }: Assignment, code: string, detail: string): void {
    this.options.onChange(jobId, { at: Date.now(), state: 'failed', unitsDone, energyMj: 0n, error: { code, detail } });
  }
}

/** What the driver and the kernel say of this machine; idle power from the hardware table where it knows the model. */
function inventoryOf(readings: readonly GpuReading[], hostMaxW: number): Inventory {
  const [first] = readings;
  if (!first) throw new Error('nvidia-smi lists no GPU; real hardware needs one');
  const gpuIdleW = GPUS[first.gpu.model]?.idleW ?? 0;
  return {
    hardware: 'real', timeScale: 1, gpus: readings.map(({ gpu }) => gpu), models: [],
    host: { model: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, memory_gb: Math.max(1, Math.round(totalmem() / 2 ** 30)) },
    power: { version: 'driver', hostIdleW: 0, hostMaxW: hostMaxW || 1_000, gpuIdleW, gpuMaxW: first.maxW ?? GPUS[first.gpu.model]?.maxW ?? 1_000 },
  };
}
