import type { MgPerKwh, MicroUsd, MicroUsdPerMwh, PueE4 } from '#domain/quantities/quantities';
import type { PowerModel } from '#domain/fleet/power';
import type { PolicyInForce } from './policy.ts';
import type { ForecastOrigin, NodeState, OwnerKind, Quality, Region, WorkKind } from './words.ts';

/**
 * When a decision is made. Routing reads no clock: `nowMs` is wall time, `nodeSecondsPerSecond` how fast simulated nodes
 * and their grid run against it (1 on real hardware, W-27), `intervalMs` the wall length of one grid interval.
 * An hour of a forecast is one source step, 3,600 node seconds.
 */
export interface RoutingTime {
  readonly nowMs: number;
  readonly nodeSecondsPerSecond: number;
  readonly intervalMs: number;
}

/** A node as placement sees it. Counts and watts are plain integers; what is billed keeps its quantity. */
export interface NodeOffer {
  readonly id: string;
  readonly slug: string;
  readonly zone: string;
  readonly ownerKind: OwnerKind;
  readonly gpuModel: string;
  readonly gpuMemoryGb: number;
  readonly gpus: number;
  /** Reserved now, this workload's own included. */
  readonly gpusReserved: number;
  readonly state: NodeState;
  /** 0–1,000. */
  readonly trust: number;
  readonly pueE4: PueE4;
  readonly priceMicroUsdPerGpuHour: MicroUsd;
  readonly energyAdderMicroUsdPerMwh: MicroUsdPerMwh;
  readonly power: PowerModel;
  /** Thousandths of an H100 (W-7's table in `#domain/fleet/gpus`). */
  readonly speedE3: number;
  readonly hardware: 'real' | 'simulated';
}

/** The newest usable rows of a zone, one of intensity in the policy's basis and one of price. */
export interface ZoneSignal {
  readonly intensityMgPerKwh: MgPerKwh;
  readonly priceMicroUsdPerMwh: MicroUsdPerMwh;
  /** SHA-256 of the rows, hex. */
  readonly refs: readonly string[];
  /** The worse quality of the two rows. */
  readonly quality: Quality;
  /** W-41; a signal that is not fresh may place, never move. */
  readonly fresh: boolean;
}

/** Hours from the NEXT one on, at most 168, in mg/kWh and µUSD/MWh; made by `forecastHours` where the source has none. */
export interface ZoneForecast {
  readonly intensityMgPerKwh: readonly number[];
  readonly priceMicroUsdPerMwh: readonly number[];
  readonly origin: { readonly intensity: ForecastOrigin; readonly price: ForecastOrigin };
}

export interface ZoneView {
  readonly zone: string;
  readonly region: Region;
  readonly signal: ZoneSignal | null;
  readonly forecast: ZoneForecast | null;
  /** A `shed` event is open here: nothing is placed (W-102). */
  readonly shed: boolean;
}

/** W-81's `constraints`, in ledger integers. Absent members bind nothing. */
export interface Constraints {
  readonly zones?: readonly string[];
  readonly excludeZones?: readonly string[];
  readonly residency: Region | 'any';
  readonly ownerKinds?: readonly OwnerKind[];
  readonly maxMicroUsdPerGpuHour?: MicroUsd;
  readonly maxPriceMicroUsdPerMwh?: MicroUsdPerMwh;
  readonly maxIntensityMgPerKwh?: MgPerKwh;
  /** Thousandths. */
  readonly minTrust?: number;
}

/** What is left of the budget; an absent member is no limit. */
export interface BudgetLeft {
  readonly microUsd?: bigint;
  readonly energyMj?: bigint;
  readonly ng?: bigint;
}

export interface Placement {
  readonly nodeSlug: string;
  /** H100-seconds done since the last checkpoint: a move does them again. */
  readonly unitsSinceCheckpoint: number;
}

export interface WorkAsk {
  readonly workloadId: string;
  readonly orgId: string;
  /** The organisation's: where the baseline of every decision is. */
  readonly homeZone: string;
  readonly kind: WorkKind;
  readonly gpuModel?: string;
  readonly gpuCount: number;
  readonly gpuMemoryGb: number;
  /** H100-seconds still to do. */
  readonly remainingUnits: number;
  readonly checkpoint: { readonly supported: boolean; readonly sizeGb: number; readonly intervalS: number };
  /** True where a start reads a checkpoint first: its restore takes time and energy. */
  readonly restores: boolean;
  readonly schedule: { readonly notBeforeMs?: number; readonly deadlineMs?: number; readonly flexible: boolean };
  readonly constraints: Constraints;
  readonly budgetLeft?: BudgetLeft;
  readonly policy: PolicyInForce;
  readonly movesUsed: number;
  readonly shedBehaviour: 'move_or_pause' | 'move' | 'pause' | 'continue';
  /** Null before the first start, while paused and after a node was lost. */
  readonly current: Placement | null;
}

/** W-70's rates of moving bytes; samples, so they are arguments. */
export interface MoveTariff {
  /** Watt-hours per GB: 6.5 is W-70's 0.0065 kWh. */
  readonly transferWhPerGb: number;
  readonly egressMicroUsdPerGb: (from: Region, fromZone: string, to: Region, toZone: string) => number;
}
