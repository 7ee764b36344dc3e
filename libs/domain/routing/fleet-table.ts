import { EXACT_UP_TO_GPUS } from './score.ts';
import type { NodeOffer, NodeState, ZoneView } from './types.ts';

/**
 * The fleet as columns. What many nodes share (zone, hardware, owner kind, adder) is one class, so that an ask is held
 * against some dozen classes, and a node costs a decision three numbers instead of a dozen (W-138). Built once per
 * interval where decisions are many (inference), once per decision where they are few.
 */
export interface FleetTable {
  readonly nodes: readonly NodeOffer[];
  readonly zones: readonly ZoneView[];
  readonly classes: readonly NodeClass[];
  /** By node: index into `classes`. */
  readonly class: Int32Array;
  /** GPUs free of a healthy node with a signal; −1 for all others, which take a closer look. */
  readonly free: Int32Array;
  readonly standing: Uint8Array;
  /** Reserved ÷ GPUs, for the rough score that spares most nodes the exact one. */
  readonly utilisation: Float64Array;
}

export interface NodeClass {
  /** Null where nobody watches the zone. */
  readonly zone: ZoneView | null;
  readonly gpuModel: string;
  readonly gpuMemoryGb: number;
  readonly gpus: number;
  readonly ownerKind: NodeOffer['ownerKind'];
  readonly speedE3: number;
  /** Zone price + adder; NaN without a signal. */
  readonly priceMicroUsdPerMwh: number;
  /** mg/kWh; NaN without a signal. */
  readonly intensityMgPerKwh: number;
}

/** Standings: 0 healthy, 1 degraded; 2 and 3 the same without a signal; 4 takes nothing. */
export const NO_SIGNAL = 2;
export const AWAY = 4;
const standing = (state: NodeState, signal: boolean): number =>
  state === 'online' || state === 'degraded' ? (state === 'degraded' ? 1 : 0) + (signal ? 0 : NO_SIGNAL) : AWAY;

/** @throws RangeError for a node outside what scores are exact for */
export function fleetTable(nodes: readonly NodeOffer[], zones: readonly ZoneView[]): FleetTable {
  const byZone = new Map(zones.map((view) => [view.zone, view]));
  const indices = new Map<string, number>();
  const classes: NodeClass[] = [];
  const classOf = (node: NodeOffer): number => {
    const { zone, gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3, energyAdderMicroUsdPerMwh } = node;
    if (gpus < 1 || gpus > EXACT_UP_TO_GPUS) throw new RangeError(`node ${node.slug} has ${gpus} GPUs; enter it as nodes of 1 to ${EXACT_UP_TO_GPUS}`);
    const key = [zone, gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3, energyAdderMicroUsdPerMwh].join('\n');
    const known = indices.get(key);
    if (known !== undefined) return known;
    indices.set(key, classes.length);
    return classes.push(nodeClass(node, byZone.get(zone) ?? null)) - 1;
  };
  const classIndex = Int32Array.from(nodes, classOf);
  const standings = Uint8Array.from(nodes, ({ state }, i) => standing(state, Boolean(classes[classIndex[i]!]!.zone?.signal)));
  return {
    nodes, zones, classes,
    class: classIndex,
    standing: standings,
    free: Int32Array.from(nodes, ({ gpus, gpusReserved }, i) => (standings[i] !== 0 ? -1 : gpus - gpusReserved)),
    utilisation: Float64Array.from(nodes, ({ gpus, gpusReserved }) => gpusReserved / gpus),
  };
}

function nodeClass(node: NodeOffer, zone: ZoneView | null): NodeClass {
  const { gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3 } = node;
  const signal = zone?.signal;
  return {
    zone, gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3,
    priceMicroUsdPerMwh: signal ? Number(signal.priceMicroUsdPerMwh + node.energyAdderMicroUsdPerMwh) : Number.NaN,
    intensityMgPerKwh: signal ? Number(signal.intensityMgPerKwh) : Number.NaN,
  };
}
