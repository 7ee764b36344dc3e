import { embodiedShare } from '#domain/fleet/embodied';
import { GPUS, hostClass, HOSTS } from '#domain/fleet/gpus';
import { embodiedNg, microUsd, type EmbodiedNg, type MicroUsd } from '#domain/quantities/quantities';
import { divideHalfEven } from '#domain/quantities/round';

const MS_PER_HOUR = 3_600_000n;

/** W-122: gpu_seconds × price ÷ 3,600, half-even to 1 µUSD. The platform's 15 % is inside (M-85). */
export const grossCompute = (gpuMs: bigint, pricePerGpuHour: bigint): MicroUsd => microUsd(divideHalfEven(gpuMs * pricePerGpuHour, MS_PER_HOUR));

/** W-9 for one segment; null where the hardware catalogue does not know the model: unknown is not zero. */
export function embodiedOf(segment: { readonly gpuModel: string; readonly ownerKind: 'datacenter' | 'gamer'; readonly gpusInNode: number; readonly gpus: number }, nodeMs: bigint): EmbodiedNg | null {
  const gpu = GPUS[segment.gpuModel];
  if (!gpu) return null;
  const host = HOSTS[hostClass(segment.ownerKind === 'gamer' ? 'owner_gamer' : 'owner_datacenter', segment.gpusInNode)];
  return embodiedNg(embodiedShare(gpu.embodiedKg, host.embodiedKg, { used: segment.gpus, inNode: segment.gpusInNode }, nodeMs).value);
}
