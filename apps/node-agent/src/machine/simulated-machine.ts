import type { JobState } from '../jobs/job.ts';
import { EnergyBook, nextWholeSecond, wholeSecond, type Slice } from './energy-book.ts';
import type { Assignment, Inventory, JobChange, Machine, OnChange, Progress } from './machine.ts';
import { Load, STREAMS_PER_GPU } from './simulated-power.ts';
import { checkpointOf, goalOf, MILLION, resultOf, saveNodeMs, unitsDone, type Run } from './simulated-run.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SimulationOptions {
  readonly inventory: Inventory;
  readonly slug: string;
  /** Thousandths of an H100 (WD-20). */
  readonly speedE3: number;
  readonly reportS: number;
  readonly onChange: OnChange;
  readonly now?: () => number;
}

/**
 * Simulated GPUs: a discrete-event simulation over wall time. Between two events power is constant, so energy and
 * progress are exact to the millisecond however late a timer fires, and any caller may ask at any time.
 */
export class SimulatedMachine implements Machine {
  readonly method = 'model';
  readonly inventory: Inventory;
  private readonly runs = new Map<string, Run>();
  private readonly streams: number[];
  private readonly load: Load;
  private readonly book: EnergyBook;
  private readonly now: () => number;
  private at: number;
  private timer: NodeJS.Timeout | undefined;
  private readable = true;

  constructor(private readonly options: SimulationOptions) {
    this.inventory = options.inventory;
    this.now = options.now ?? Date.now;
    this.at = nextWholeSecond(this.now());
    this.streams = options.inventory.gpus.map(() => 0);
    this.load = new Load(options.inventory, { [Symbol.iterator]: () => this.runs.values() }, this.streams);
    this.book = new EnergyBook(options.inventory.gpus.map(({ uuid }) => uuid), this.at, options.reportS);
  }

  start(assignment: Assignment): void {
    this.advance();
    const { body, jobId, unitsDone, restoreBytes, energyMj } = assignment;
    const restoring = restoreBytes === null ? 0 : this.wallMs(saveNodeMs(restoreBytes));
    this.runs.set(jobId, {
      assignment, holder: { jobId, fence: body.fence }, startedAt: this.at, phase: 'starting', phaseEndsAt: this.at + restoring,
      done: BigInt(unitsDone) * MILLION, saveAt: Infinity, saveWanted: false, stopWanted: false, energyUj: energyMj * 1_000n,
    });
    this.advance();
  }

  checkpoint(jobId: string, thenStop: boolean): void {
    this.advance();
    const run = this.runs.get(jobId);
    if (!run) return;
    run.saveWanted = run.assignment.body.checkpoint !== null && run.phase !== 'checkpointing';
    run.stopWanted ||= thenStop;
    this.advance();
  }

  stop(jobId: string): void {
    this.advance();
    const run = this.runs.get(jobId);
    if (run) this.end(run, 'stopped');
    this.schedule();
  }

  /** The demo's control: the work counts as done, and the job ends by its normal path. */
  complete(jobId: string): boolean {
    this.advance();
    const run = this.runs.get(jobId);
    if (run) run.done = goalOf(run);
    this.advance();
    return run !== undefined;
  }

  progress(jobId: string): Progress | undefined {
    this.advance();
    const run = this.runs.get(jobId);
    return run && { unitsDone: unitsDone(run), energyMj: run.energyUj / 1_000n };
  }

  cut(): void {
    this.advance();
    this.book.cut();
  }

  takeSlices(): Slice[] {
    this.advance();
    const slices = this.book.takeFinished();
    return this.readable ? slices : [];
  }

  meter(): 'ok' | 'no_reading' {
    return this.readable ? 'ok' : 'no_reading';
  }

  /** Test fault: power is drawn all the same, and nobody reads it. */
  setMeter(readable: boolean): void {
    this.readable = readable;
  }

  /** Takes a place for one stream of inference on the least used GPU without a job; undefined when all are taken. */
  openStream(): number | undefined {
    this.advance();
    const open = this.streams.map((count, gpu) => ({ count, gpu })).filter(({ count, gpu }) => count < STREAMS_PER_GPU && !this.load.holderOf(gpu));
    const best = open.sort((a, b) => a.count - b.count)[0];
    if (best) this.streams[best.gpu]! += 1;
    return best?.gpu;
  }

  closeStream(gpu: number): void {
    this.advance();
    this.streams[gpu]! -= 1;
  }

  /** What one stream added to its GPU in `wallMs`, in mJ: its share of the power above idle. */
  streamEnergyMj(wallMs: number): bigint {
    const { gpuMaxW, gpuIdleW } = this.inventory.power;
    return (BigInt(gpuMaxW - gpuIdleW) * BigInt(Math.round(wallMs * this.inventory.timeScale))) / BigInt(STREAMS_PER_GPU);
  }

  draw() {
    this.advance();
    return { powerMw: this.load.totalMw(), utilisationE3: this.load.levels() };
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Lets everything happen that is due by now, in its order. */
  private advance(): void {
    const now = this.now();
    for (let due = this.nextEvent(); due && due.at <= now; due = this.nextEvent()) {
      this.flow(due.at);
      this.happen(due.run);
    }
    this.flow(now);
    this.schedule();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const due = this.nextEvent();
    this.timer = due && setTimeout(() => this.advance(), Math.min(Math.max(due.at - this.now(), 0), LONGEST_TIMER_MS));
  }

  private nextEvent(): { readonly at: number; readonly run: Run } | undefined {
    let first: { at: number; run: Run } | undefined;
    for (const run of this.runs.values()) {
      const at = Math.max(this.at, this.dueAt(run));
      if (!first || at < first.at) first = { at, run };
    }
    return first;
  }

  private dueAt(run: Run): number {
    if (run.phase !== 'running') return run.phaseEndsAt;
    if (run.saveWanted || run.stopWanted) return this.at;
    const finishesIn = ceilDivide(goalOf(run) - run.done, this.unitsPerMs(run));
    return Math.min(this.at + finishesIn, run.saveAt, this.limitAt(run));
  }

  /** When `limits` end the job: node seconds since its start, or energy. */
  private limitAt(run: Run): number {
    const { max_seconds, max_mj } = run.assignment.body.limits;
    const byTime = max_seconds === null ? Infinity : run.startedAt + this.wallMs(max_seconds * 1_000);
    const left = max_mj === null ? undefined : BigInt(max_mj) * 1_000n - run.energyUj;
    return Math.min(byTime, left === undefined ? Infinity : this.at + ceilDivide(left, this.ujPerMs(run)));
  }

  private happen(run: Run): void {
    if (run.phase === 'checkpointing') return this.saved(run);
    if (run.phase === 'starting') return this.goOn(run);
    if (run.done >= goalOf(run)) return this.end(run, 'completed', { result: resultOf(run, this.options.slug) });
    if (this.limitAt(run) <= this.at) return this.end(run, 'failed', { error: { code: 'limit_exceeded', detail: 'The job reached max_seconds or max_mj of its limits.' } });
    const { checkpoint } = run.assignment.body;
    if (checkpoint === null) return this.end(run, 'stopped');
    run.phase = 'checkpointing';
    run.saveWanted = false;
    run.phaseEndsAt = this.at + this.wallMs(saveNodeMs(checkpoint.size_bytes));
    this.tell(run, 'checkpointing');
  }

  private saved(run: Run): void {
    const checkpoint = checkpointOf(run, this.at);
    if (run.stopWanted) this.end(run, 'stopped', { checkpoint });
    else this.goOn(run, { checkpoint });
  }

  private goOn(run: Run, more: Partial<JobChange> = {}): void {
    const { checkpoint } = run.assignment.body;
    run.phase = 'running';
    run.saveAt = checkpoint === null ? Infinity : this.at + this.wallMs(checkpoint.interval_s * 1_000);
    this.tell(run, 'running', more);
  }

  private end(run: Run, state: JobState, more: Partial<JobChange> = {}): void {
    this.runs.delete(run.assignment.jobId);
    this.tell(run, state, more);
  }

  private tell(run: Run, state: JobState, more: Partial<JobChange> = {}): void {
    this.options.onChange(run.assignment.jobId, { at: this.at, state, unitsDone: unitsDone(run), energyMj: run.energyUj / 1_000n, ...more });
  }

  /** Time passes with nothing happening; the book hears of every whole second. */
  private flow(to: number): void {
    while (this.at < to) {
      const end = Math.min(to, wholeSecond(this.at) + 1_000);
      const ms = BigInt(end - this.at);
      this.load.drawInto(this.book, ms * BigInt(this.inventory.timeScale));
      for (const run of this.runs.values()) {
        run.energyUj += this.ujPerMs(run) * ms;
        if (run.phase === 'running') run.done = atMost(goalOf(run), run.done + this.unitsPerMs(run) * ms);
      }
      this.at = end;
      if (end % 1_000 === 0) this.book.boundary(end);
    }
  }

  private ujPerMs(run: Run): bigint {
    return this.load.jobMw(run) * BigInt(this.inventory.timeScale);
  }

  /** Millionths of a unit per wall ms: speed × GPUs × node seconds (W-28). */
  private unitsPerMs({ assignment }: Run): bigint {
    return BigInt(this.options.speedE3 * assignment.gpus.length * this.inventory.timeScale);
  }

  private wallMs(nodeMs: number): number {
    return Math.ceil(nodeMs / this.inventory.timeScale);
  }
}

const atMost = (most: bigint, value: bigint): bigint => (value < most ? value : most);
const ceilDivide = (n: bigint, d: bigint): number => (n <= 0n ? 0 : Number((n + d - 1n) / d));
