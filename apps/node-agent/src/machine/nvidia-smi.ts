import type { Gpu } from './machine.ts';

/** Fields asked of `nvidia-smi`, in the order of its columns. */
const FIELDS = ['uuid', 'name', 'memory.total', 'power.draw', 'power.max_limit', 'utilization.gpu'];
export const NVIDIA_SMI_ARGS: readonly string[] = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'];

export interface GpuReading {
  readonly gpu: Gpu;
  /** Null where the driver gives no reading: "[N/A]", "[Not Supported]", "[GPU requires reset]". */
  readonly powerMw: bigint | null;
  readonly maxW: number | null;
  readonly utilisationE3: number;
}

const MODELS: readonly (readonly [RegExp, string])[] = [
  [/H100.*HBM3|H100 SXM/, 'h100-sxm-80'], [/H200/, 'h200-sxm-141'], [/A100-SXM4-80GB/, 'a100-sxm-80'], [/L40S/, 'l40s-48'], [/RTX 4090/, 'rtx4090-24'], [/RTX 3090(?! Ti)/, 'rtx3090-24'], [/RTX 4080(?! S)/, 'rtx4080-16'],
];

/** Wattbook's name of a model, or the driver's own in lower case where the hardware table does not have it. */
export const modelOf = (name: string): string => MODELS.find(([pattern]) => pattern.test(name))?.[1] ?? name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');

const milli = (text: string): bigint | null => (/^\d+(\.\d+)?$/.test(text) ? BigInt(Math.round(Number(text) * 1_000)) : null);

/**
 * Reads what `nvidia-smi` prints: one line a GPU, MiB, W and %.
 * @throws Error for a line that is no GPU: the driver's error text is not a reading
 */
export function parseNvidiaSmi(output: string): GpuReading[] {
  const lines = output.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.map((line) => {
    const [uuid = '', name = '', memory = '', power = '', limit = '', busy = ''] = line.split(', ');
    if (!uuid.startsWith('GPU-') || !/^\d+$/.test(memory)) throw new Error(`nvidia-smi said: ${line.slice(0, 200)}`);
    const max = milli(limit);
    return {
      gpu: { uuid, model: modelOf(name), memory_gb: Math.round(Number(memory) / 1_024) },
      powerMw: milli(power), maxW: max === null ? null : Number(max / 1_000n), utilisationE3: /^\d+$/.test(busy) ? Number(busy) * 10 : 0,
    };
  });
}
