import { embodiedNg, type EmbodiedNg } from '#domain/quantities/quantities';
import { divideHalfEven } from '#domain/quantities/round';

/** 3 years, W-9. */
const LIFE_MS = 94_608_000_000n;
const NG_PER_KG = 1_000_000_000_000n;

export interface EmbodiedShare {
  readonly value: EmbodiedNg;
  /** ± 40 %: only the H100's and the 8-GPU host's values are published. */
  readonly low: EmbodiedNg;
  readonly high: EmbodiedNg;
  readonly grade: 'estimated';
}

/** SCI (ISO/IEC 21031) M: (GPU kg × GPUs used + host kg × GPUs used ÷ GPUs in node) × time ÷ 3 years. Shown apart from operational grams. */
export function embodiedShare(gpuKg: number, hostKg: number, gpus: { used: number; inNode: number }, ms: bigint): EmbodiedShare {
  const inNode = BigInt(gpus.inNode);
  const kgTimesGpus = (BigInt(gpuKg) * inNode + BigInt(hostKg)) * BigInt(gpus.used);
  const part = (tenths: bigint) => embodiedNg(divideHalfEven(kgTimesGpus * NG_PER_KG * ms * tenths, LIFE_MS * inNode * 10n));
  return { value: part(10n), low: part(6n), high: part(14n), grade: 'estimated' };
}
