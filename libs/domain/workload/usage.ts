import { embodiedShare } from '#domain/fleet/embodied';
import { GPUS, hostClass, HOSTS } from '#domain/fleet/gpus';
import { embodiedNg, microUsd, type EmbodiedNg, type MicroUsd } from '#domain/quantities/quantities';
import { divideHalfEven } from '#domain/quantities/round';

const MS_PER_HOUR = 3_600_000n;

/** W-122: GPU milliseconds = node milliseconds × GPUs held; node time runs `timeScale` times as fast as the wall (W-27). */
export const gpuMs = (wallMs: number, timeScale: number, gpus: number): bigint => BigInt(Math.max(0, Math.round(wallMs))) * BigInt(timeScale) * BigInt(gpus);

/** GPU milliseconds as `gpu_seconds` are shown and stored, with 3 places. */
export const gpuSecondsText = (ms: bigint): string => `${ms / 1_000n}.${(ms % 1_000n).toString().padStart(3, '0')}`;

/** W-122: gpu_seconds × price ÷ 3,600, half-even to 1 µUSD. The platform's 15 % is inside (M-85). */
export const grossCompute = (ms: bigint, pricePerGpuHour: bigint): MicroUsd => microUsd(divideHalfEven(ms * pricePerGpuHour, MS_PER_HOUR));

/** W-9 for one segment; null where the hardware catalogue does not know the model: unknown is not zero. */
export function embodiedOf(segment: { readonly gpuModel: string; readonly ownerKind: 'datacenter' | 'gamer'; readonly gpusInNode: number; readonly gpus: number }, nodeMs: bigint): EmbodiedNg | null {
  const gpu = GPUS[segment.gpuModel];
  if (!gpu) return null;
  const host = HOSTS[hostClass(segment.ownerKind === 'gamer' ? 'owner_gamer' : 'owner_datacenter', segment.gpusInNode)];
  return embodiedNg(embodiedShare(gpu.embodiedKg, host.embodiedKg, { used: segment.gpus, inNode: segment.gpusInNode }, nodeMs).value);
}
