import { fraction } from '#domain/grid/noise';
import { CreateWorkload, KINDS } from '../workloads/workloads.schemas.ts';
import type { DemoWorkload } from './demo.schemas.ts';

/** What a seed draws from; every combination fits some node of the sample fleet. */
const HOURS = [1, 2, 4, 8];
const MEMORY_GB = [16, 40, 80];

/** The order of the walk (W-133), or another one that the seed decides: the same seed is the same order. */
export function demoOrder({ name, kind, seed }: Omit<DemoWorkload, 'org'>): CreateWorkload {
  if (seed === undefined) return order(name ?? 'Mistral fine-tune', kind ?? 'fine_tune', 1, 80, 14_400);
  const draw = <T>(what: string, from: readonly T[]): T => from[Math.floor(fraction(seed, 'demo', what, 0) * from.length)]!;
  const drawn = kind ?? draw('kind', KINDS);
  return order(name ?? `Demo ${drawn.replace('_', ' ')} ${seed}`, drawn, draw('gpus', [1, 2]), draw('memory', MEMORY_GB), draw('hours', HOURS) * 3_600);
}

const order = (name: string, kind: CreateWorkload['kind'], gpus: number, memoryGb: number, h100Seconds: number): CreateWorkload =>
  CreateWorkload.parse({ name, kind, resources: { gpu_count: gpus, gpu_memory_gb: memoryGb }, work: { h100_seconds: h100Seconds }, checkpoint: { size_gb: 1 } });
