import type { Holder } from './energy-book.ts';
import type { EnergyBook } from './energy-book.ts';
import type { Inventory } from './machine.ts';
import { levelE3, type Run } from './simulated-run.ts';

/** W-29: streams of simulated inference that one GPU carries; each takes an equal share of its power above idle. */
export const STREAMS_PER_GPU = 64;

/** What the GPUs of a simulated node do at one moment, and what that draws (W-8). Powers in mW, levels in thousandths. */
export class Load {
  constructor(
    private readonly inventory: Inventory,
    private readonly runs: Iterable<Run>,
    private readonly streams: readonly number[],
  ) {}

  levels(): number[] {
    return this.inventory.gpus.map((_, gpu) => {
      const run = this.runOn(gpu);
      return run ? levelE3(run) : Math.round((this.streams[gpu]! * 1_000) / STREAMS_PER_GPU);
    });
  }

  hostMw(): bigint {
    const { hostIdleW, hostMaxW } = this.inventory.power;
    const levels = this.levels();
    return BigInt(hostIdleW) * 1_000n + (BigInt(hostMaxW - hostIdleW) * BigInt(levels.reduce((a, b) => a + b, 0))) / BigInt(levels.length);
  }

  /** What a job bears: its GPUs whole, and the host by GPUs used ÷ GPUs in the node (W-25). */
  jobMw(run: Run): bigint {
    const used = BigInt(run.assignment.gpus.length);
    return used * (this.idleMw() + this.aboveIdleMw(levelE3(run))) + (this.hostMw() * used) / BigInt(this.inventory.gpus.length);
  }

  totalMw(): bigint {
    return this.levels().reduce((total, level) => total + this.idleMw() + this.aboveIdleMw(level), this.hostMw());
  }

  /** Puts `nodeMs` of this load into the book; inference without a job is the owner's, beside idleness. */
  drawInto(book: EnergyBook, nodeMs: bigint): void {
    this.levels().forEach((level, gpu) => {
      const { uuid } = this.inventory.gpus[gpu]!;
      const holder = this.holderOf(gpu);
      const above = this.aboveIdleMw(level) * nodeMs;
      book.addIdle(uuid, this.idleMw() * nodeMs + (holder ? 0n : above));
      if (holder) book.addJob(uuid, holder, above);
    });
    book.addHost(this.hostMw() * nodeMs);
  }

  holderOf(gpu: number): Holder | undefined {
    return this.runOn(gpu)?.holder;
  }

  private runOn(gpu: number): Run | undefined {
    const { uuid } = this.inventory.gpus[gpu]!;
    for (const run of this.runs) if (run.assignment.gpus.includes(uuid)) return run;
    return undefined;
  }

  private idleMw(): bigint {
    return BigInt(this.inventory.power.gpuIdleW) * 1_000n;
  }

  private aboveIdleMw(level: number): bigint {
    const { gpuIdleW, gpuMaxW } = this.inventory.power;
    return BigInt(gpuMaxW - gpuIdleW) * BigInt(level);
  }
}
