export interface Row {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  /** As the requirement says it: "≥ 0.7", "< 10 µs"; empty where a figure is only shown. */
  readonly bar: string;
  readonly verdict: 'pass' | 'fail' | 'void' | 'shown';
  readonly detail?: string;
}

export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Everything after `--`, for a bench with options of its own. */
  readonly args: readonly string[];
}

export interface Bench {
  readonly name: string;
  readonly bar: string;
  readonly run: (options: BenchOptions) => Promise<Row[]>;
}

/** Subject and reference in turn, A B A B, in one run: the median of the pairwise ratios with a 95 % bootstrap interval (O-129). */
export async function pairedRatio(rounds: number, subject: () => Promise<number>, reference: () => Promise<number>): Promise<{ median: number; low: number; high: number; ratios: number[] }> {
  await subject();
  await reference();
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const a = await subject();
    const b = await reference();
    ratios.push(a / b);
  }
  const medians = Array.from({ length: 1_000 }, (_, seed) => median(ratios.map((_ratio, i) => ratios[pick(seed, i, ratios.length)]!))).sort((a, b) => a - b);
  return { median: median(ratios), low: medians[25]!, high: medians[974]!, ratios };
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** A fixed draw, so that the same ratios give the same interval. */
function pick(seed: number, i: number, length: number): number {
  let h = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0) % length;
}
