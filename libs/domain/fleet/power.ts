import { divideHalfEven } from '#domain/quantities/round';
import { milliJoules, type MilliJoules } from '#domain/quantities/quantities';

/** Watts of a node's host and of each of its GPUs (alike on one node), versioned with the node (W-10). */
export interface PowerModel {
  readonly version: string;
  readonly hostIdleW: number;
  readonly hostMaxW: number;
  readonly gpuIdleW: number;
  readonly gpuMaxW: number;
}

/** Utilisation of a GPU in thousandths, 0–1,000. */
export type UtilisationE3 = number;

/** W-8: u of simulated work by kind. */
export const UTILISATION_E3 = {
  fine_tune: 920, training: 950, batch_inference: 750, embedding: 600, evaluation: 700, render: 980, custom: 800,
} as const satisfies Record<string, UtilisationE3>;

/**
 * W-8, in mW: host_idle + (host_max − host_idle) × ū + Σ (idle + (max − idle) × u). `gpus` has one u per GPU of the node,
 * 0 for an idle one. PUE stays outside. Grade `modelled`.
 */
export function nodePowerMw(model: PowerModel, gpus: readonly UtilisationE3[]): bigint {
  const sumE3 = BigInt(gpus.reduce((a, b) => a + b, 0));
  const host = gpus.length === 0 ? 0n : divideHalfEven(BigInt(model.hostMaxW - model.hostIdleW) * sumE3, BigInt(gpus.length));
  return BigInt(model.hostIdleW) * 1_000n + host + BigInt(model.gpuIdleW * gpus.length) * 1_000n + BigInt(model.gpuMaxW - model.gpuIdleW) * sumE3;
}

/**
 * The share of one job, in mW: its own GPUs, and host power by GPUs used ÷ GPUs in the node (W-25). `busyGpus` counts all
 * busy GPUs of the node with this job's; the others are taken to be as busy as its own, since their kinds are not known here.
 */
export function jobPowerMw(model: PowerModel, job: { gpus: number; u: UtilisationE3 }, node: { gpus: number; busyGpus: number }): bigint {
  const own = BigInt(job.gpus) * (BigInt(model.gpuIdleW) * 1_000n + BigInt((model.gpuMaxW - model.gpuIdleW) * job.u));
  const all = BigInt(node.gpus);
  const hostTimesGpus = BigInt(model.hostIdleW) * 1_000n * all + BigInt((model.hostMaxW - model.hostIdleW) * job.u) * BigInt(node.busyGpus);
  return own + divideHalfEven(hostTimesGpus * BigInt(job.gpus), all * all);
}

/** mW × ms ÷ 1,000 = mJ. */
export const energyOver = (powerMw: bigint, ms: bigint): MilliJoules => milliJoules(divideHalfEven(powerMw * ms, 1_000n));
