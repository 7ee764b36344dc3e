import type { PowerModel } from './power.ts';

export interface GpuSpec {
  readonly memoryGb: number;
  readonly idleW: number;
  readonly maxW: number;
  /** Thousandths of an H100: a GPU of speed s does s H100-seconds a second (WD-20). */
  readonly speedE3: number;
  readonly embodiedKg: number;
}
export interface HostSpec {
  readonly idleW: number;
  readonly maxW: number;
  readonly embodiedKg: number;
}
export type HostClass = 'host-8' | 'host-4' | 'host-gamer';

/** The sample models of W-7; a new model is a row. Without a prototype, because nodes choose the names that are looked up here. */
export const GPUS: Readonly<Record<string, GpuSpec>> = Object.assign(Object.create(null) as Record<string, GpuSpec>, {
  'h100-sxm-80': { memoryGb: 80, idleW: 70, maxW: 700, speedE3: 1_000, embodiedKg: 164 },
  'h200-sxm-141': { memoryGb: 141, idleW: 75, maxW: 700, speedE3: 1_150, embodiedKg: 190 },
  'a100-sxm-80': { memoryGb: 80, idleW: 55, maxW: 400, speedE3: 500, embodiedKg: 150 },
  'l40s-48': { memoryGb: 48, idleW: 35, maxW: 350, speedE3: 400, embodiedKg: 110 },
  'rtx4090-24': { memoryGb: 24, idleW: 20, maxW: 450, speedE3: 350, embodiedKg: 105 },
  'rtx3090-24': { memoryGb: 24, idleW: 25, maxW: 350, speedE3: 200, embodiedKg: 100 },
  'rtx4080-16': { memoryGb: 16, idleW: 15, maxW: 320, speedE3: 250, embodiedKg: 90 },
} satisfies Record<string, GpuSpec>);

export const HOSTS: Readonly<Record<HostClass, HostSpec>> = {
  'host-8': { idleW: 500, maxW: 1_200, embodiedKg: 5_700 },
  'host-4': { idleW: 300, maxW: 700, embodiedKg: 3_400 },
  'host-gamer': { idleW: 60, maxW: 160, embodiedKg: 350 },
};

/** The host that a node of this owner and size is taken to have. */
export const hostClass = (ownerKind: 'owner_datacenter' | 'owner_gamer', gpus: number): HostClass =>
  ownerKind === 'owner_gamer' ? 'host-gamer' : gpus > 4 ? 'host-8' : 'host-4';

/** W-7's power model for a known GPU, or null for a model that the table does not have. */
export function samplePowerModel(gpuModel: string, host: HostClass): PowerModel | null {
  const gpu = GPUS[gpuModel];
  if (!gpu) return null;
  return { version: 'pm-2026.1', hostIdleW: HOSTS[host].idleW, hostMaxW: HOSTS[host].maxW, gpuIdleW: gpu.idleW, gpuMaxW: gpu.maxW };
}
