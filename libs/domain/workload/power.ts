import { jobPowerMw, UTILISATION_E3 } from '#domain/fleet/power';
import { divideHalfEven } from '#domain/quantities/round';
import type { NodeOffer } from '#domain/routing/types';
import type { WorkKind } from '#domain/routing/words';

/** W at the device's meter while it runs (W-8), host share included: what shedding this workload would save. */
export function workloadPowerW(node: Pick<NodeOffer, 'power' | 'gpus' | 'gpusReserved'>, gpuCount: number, kind: WorkKind): number {
  const busyGpus = Math.min(node.gpus, Math.max(gpuCount, node.gpusReserved));
  return Number(divideHalfEven(jobPowerMw(node.power, { gpus: gpuCount, u: UTILISATION_E3[kind] }, { gpus: node.gpus, busyGpus }), 1_000n));
}
