import { energyOver, jobPowerMw, UTILISATION_E3 } from '#domain/fleet/power';
import { microUsd, operationalNg, type MicroUsd, type MilliJoules, type OperationalNg } from '#domain/quantities/quantities';
import { divideHalfEven } from '#domain/quantities/round';
import { exactIntegral, runMs, type ZoneHours, zoneHours } from './hours.ts';
import type { NodeOffer, RoutingTime, WorkAsk, ZoneView } from './types.ts';

/** Staying on one node to the end of the work. Grade `modelled`; grams are null where the zone has no signal. */
export interface Estimate {
  readonly energyMj: MilliJoules;
  readonly ng: OperationalNg | null;
  readonly energyMicroUsd: MicroUsd | null;
  readonly rentalMicroUsd: MicroUsd;
  /** Rental + energy; the rental alone where no price is known. */
  readonly totalMicroUsd: MicroUsd;
  /** Node time. */
  readonly durationMs: bigint;
  /** Wall time. */
  readonly endMs: number;
}

const MS_PER_HOUR = 3_600_000n;
/** mW × ms × mg/kWh × 10⁻⁴ → ng, and mW × ms × µUSD/MWh × 10⁻⁴ → µUSD: W-2 with energy as power over time. */
const NG_DIVISOR = 1_000n * 3_600n * 10_000n;
const MICRO_USD_DIVISOR = 1_000n * 3_600_000_000_000n * 10_000n;

/** What a checkpoint or a restore takes (W-28): 20 node seconds + size ÷ 2 GB/s. */
export const transferMs = (sizeGb: number): bigint => BigInt(Math.ceil(20_000 + sizeGb * 500));

/** GPUs that others hold on the node. */
export const reservedByOthers = (node: NodeOffer, ask: WorkAsk): number =>
  node.gpusReserved - (ask.current?.nodeSlug === node.slug ? ask.gpuCount : 0);

/** Mean power of this work on this node, of a full u, or of its kind's. */
export function workPowerMw(node: NodeOffer, ask: WorkAsk, u: number = UTILISATION_E3[ask.kind]): bigint {
  const busyGpus = Math.min(node.gpus, reservedByOthers(node, ask) + ask.gpuCount);
  return jobPowerMw(node.power, { gpus: ask.gpuCount, u }, { gpus: node.gpus, busyGpus });
}

/** As `estimateStay`, from a zone as it is handed in. */
export const estimate = (node: NodeOffer, ask: WorkAsk, zone: ZoneView, time: RoutingTime): Estimate =>
  estimateStay(node, ask, zoneHours(zone), time);

/** W-76's expected figures: all remaining work on `node`, with a restore first where it starts from a checkpoint. */
export function estimateStay(node: NodeOffer, ask: WorkAsk, hours: ZoneHours | null, time: RoutingTime): Estimate {
  const restored = ask.restores && ask.current?.nodeSlug !== node.slug;
  const restore = restored ? transferMs(ask.checkpoint.sizeGb) : 0n;
  const run = runMs(ask.remainingUnits, node.speedE3, ask.gpuCount);
  const stretches: Stretch[] = [{ powerMw: workPowerMw(node, ask), fromMs: restore, ms: run }];
  if (restored) stretches.unshift({ powerMw: workPowerMw(node, ask, 1_000), fromMs: 0n, ms: restore });
  const durationMs = restore + run;
  const rental = rentalFor(node, ask, durationMs);
  const parts = stretches.map((stretch) => overStretch(node, hours, stretch));
  const energy = parts.every(({ costMicroUsd }) => costMicroUsd !== null) ? microUsd(parts.reduce((sum, { costMicroUsd }) => sum + costMicroUsd!, 0n)) : null;
  return {
    energyMj: parts.reduce((sum, { energyMj }) => sum + energyMj, 0n) as MilliJoules,
    ng: hours ? operationalNg(parts.reduce((sum, { ng }) => sum + ng!, 0n)) : null,
    energyMicroUsd: energy,
    rentalMicroUsd: rental,
    totalMicroUsd: microUsd(rental + (energy ?? 0n)),
    durationMs,
    endMs: time.nowMs + wallMs(durationMs, time),
  };
}

/** Wall milliseconds of node milliseconds, rounded up. */
export const wallMs = (nodeMs: bigint, time: RoutingTime): number => Math.ceil(Number(nodeMs) / time.nodeSecondsPerSecond);

/** Rental of the GPUs asked for, for node time; µUSD half-even. */
export const rentalFor = (node: NodeOffer, ask: WorkAsk, ms: bigint): MicroUsd =>
  microUsd(divideHalfEven(node.priceMicroUsdPerGpuHour * BigInt(ask.gpuCount) * ms, MS_PER_HOUR));

export interface Stretch {
  readonly powerMw: bigint;
  readonly fromMs: bigint;
  readonly ms: bigint;
}

/** Energy, grams and money of a power held over a stretch of the zone's hours; PUE in grams and money only. */
export function overStretch(node: NodeOffer, hours: ZoneHours | null, { powerMw, fromMs, ms }: Stretch) {
  const energyMj = energyOver(powerMw, ms);
  if (!hours) return { energyMj, ng: null, costMicroUsd: null };
  const between = (series: ZoneHours['price']) => exactIntegral(series, fromMs + ms) - exactIntegral(series, fromMs);
  const price = between(hours.price) + node.energyAdderMicroUsdPerMwh * ms;
  return {
    energyMj,
    ng: divideHalfEven(powerMw * node.pueE4 * between(hours.intensity), NG_DIVISOR),
    costMicroUsd: divideHalfEven(powerMw * node.pueE4 * price, MICRO_USD_DIVISOR),
  };
}
