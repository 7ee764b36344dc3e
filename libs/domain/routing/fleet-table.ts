import { EXACT_UP_TO_GPUS } from './score.ts';
import type { NodeOffer, ZoneView } from './types.ts';
import type { NodeState } from './words.ts';

/**
 * The fleet as columns, sorted. What nodes share (zone, hardware, owner kind, adder) is one class; nodes stand by class,
 * the emptiest first. So an ask is held against some dozen classes instead of a thousand nodes, and of a class that fits
 * only the nodes at its front are compared (W-138). Built once per interval where decisions are many (inference), once
 * per decision where they are few. The same nodes in another order make the same table.
 */
export interface FleetTable {
  readonly nodes: readonly NodeOffer[];
  readonly zones: readonly ZoneView[];
  readonly classes: readonly NodeClass[];
  /** By node: index into `classes`. */
  readonly class: Int32Array;
  readonly bySlug: ReadonlyMap<string, number>;
  /** GPUs free of a healthy node with a signal; −1 for all others, which take a closer look. Falling within a class. */
  readonly free: Int32Array;
  readonly standing: Uint8Array;
  /** Reserved ÷ GPUs, for the rough score that spares most nodes the exact one. */
  readonly utilisation: Float64Array;
}

export interface NodeClass {
  /** Its nodes: from this index, up to the other, exclusive. */
  readonly from: number;
  readonly to: number;
  /** Null where nobody watches the zone. */
  readonly zone: ZoneView | null;
  /** Index into the table's zones, one past the last for none. */
  readonly zoneIndex: number;
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
export function fleetTable(offers: readonly NodeOffer[], zones: readonly ZoneView[]): FleetTable {
  const zoneIndices = new Map(zones.map(({ zone }, i) => [zone, i]));
  const rows = offers.map((node) => rowOf(node, Boolean(zones[zoneIndices.get(node.zone) ?? -1]?.signal)));
  rows.sort((a, b) => (a.key === b.key ? b.free - a.free || (a.node.slug < b.node.slug ? -1 : 1) : a.key < b.key ? -1 : 1));
  const classes: NodeClass[] = [];
  for (let from = 0, to = 0; from < rows.length; from = to) {
    while (to < rows.length && rows[to]!.key === rows[from]!.key) to += 1;
    classes.push(nodeClass(rows[from]!.node, zones, zoneIndices.get(rows[from]!.node.zone) ?? zones.length, { from, to }));
  }
  const classIndex = new Int32Array(rows.length);
  classes.forEach(({ from, to }, i) => classIndex.fill(i, from, to));
  return {
    nodes: rows.map(({ node }) => node), zones, classes,
    class: classIndex,
    bySlug: new Map(rows.map(({ node }, i) => [node.slug, i])),
    free: Int32Array.from(rows, ({ free }) => free),
    standing: Uint8Array.from(rows, (row) => row.standing),
    utilisation: Float64Array.from(rows, ({ node }) => node.gpusReserved / node.gpus),
  };
}

function rowOf(node: NodeOffer, signal: boolean): { node: NodeOffer; key: string; standing: number; free: number } {
  const { zone, gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3, energyAdderMicroUsdPerMwh } = node;
  if (gpus < 1 || gpus > EXACT_UP_TO_GPUS) throw new RangeError(`node ${node.slug} has ${gpus} GPUs; enter it as nodes of 1 to ${EXACT_UP_TO_GPUS}`);
  const stands = standing(node.state, signal);
  const key = [zone, gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3, energyAdderMicroUsdPerMwh].join('\n');
  return { node, key, standing: stands, free: stands === 0 ? gpus - node.gpusReserved : -1 };
}

function nodeClass(node: NodeOffer, zones: readonly ZoneView[], zoneIndex: number, run: { from: number; to: number }): NodeClass {
  const zone = zones[zoneIndex] ?? null;
  const { gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3 } = node;
  const signal = zone?.signal;
  return {
    ...run, zone, zoneIndex, gpuModel, gpuMemoryGb, gpus, ownerKind, speedE3,
    priceMicroUsdPerMwh: signal ? Number(signal.priceMicroUsdPerMwh + node.energyAdderMicroUsdPerMwh) : Number.NaN,
    intensityMgPerKwh: signal ? Number(signal.intensityMgPerKwh) : Number.NaN,
  };
}
