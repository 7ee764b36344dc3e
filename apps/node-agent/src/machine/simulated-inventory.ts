import { GPUS, hostClass, samplePowerModel } from '#domain/fleet/gpus';
import { SAMPLE_NODES } from '#platform/db/sample-organisations';
import { sha256Hex } from '#platform/signing/sha256';
import type { Gpu, Inventory } from './machine.ts';

/** A GPU's id that is the same at every start: reports of one device never overlap under two names. */
const uuidOf = (slug: string, index: number): string => sha256Hex(`${slug}/gpu${index}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, 'GPU-$1-$2-$3-$4-$5');

const modelsFor = (memoryGb: number): readonly string[] => ['sim-embed', ...(memoryGb >= 24 ? ['sim-8b'] : []), ...(memoryGb >= 80 ? ['sim-70b'] : [])];

/**
 * The hardware that a sample node of W-7 claims to be.
 * @throws Error for another slug: simulated hardware exists only for the sample fleet
 */
export function simulatedInventory(slug: string, timeScale: number): { inventory: Inventory; speedE3: number } {
  const node = SAMPLE_NODES.find((one) => one.slug === slug);
  const spec = node && GPUS[node.gpuModel];
  if (!node || !spec) throw new Error(`NODE_SLUG ${slug} is no sample node, and simulated hardware exists only for those; set NODE_HARDWARE=real on a machine with GPUs`);
  const host = hostClass(node.kind === 'gamer' ? 'owner_gamer' : 'owner_datacenter', node.gpus);
  const gpus: Gpu[] = Array.from({ length: node.gpus }, (_, i) => ({ uuid: uuidOf(slug, i), model: node.gpuModel, memory_gb: spec.memoryGb }));
  const inventory: Inventory = {
    hardware: 'simulated', timeScale, gpus, power: samplePowerModel(node.gpuModel, host)!, models: modelsFor(spec.memoryGb),
    host: { model: host, cpus: node.gpus * 16, memory_gb: node.gpus * 128 },
  };
  return { inventory, speedE3: spec.speedE3 };
}
