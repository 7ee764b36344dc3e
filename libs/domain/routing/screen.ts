import { transferMs } from './estimate.ts';
import { AWAY, type FleetTable, NO_SIGNAL, type NodeClass } from './fleet-table.ts';
import type { NodeOffer, RoutingTime, WorkAsk, ZoneView } from './types.ts';
import type { Constraint, ExclusionCounts } from './words.ts';

/**
 * The constraints of W-62; a node is counted under the first that it fails: what its class cannot be or may not do, then
 * what it is itself, then how it is now. Degraded nodes and nodes without a signal come in, by standing, only when nothing
 * better fits (node table before W-30, W-64).
 */
const CODES = [
  'gpu_model', 'gpu_memory', 'residency', 'zone', 'owner_kind', 'capacity', 'price_ceiling', 'carbon_ceiling', 'deadline', 'event_shed',
  'min_trust', 'health', 'no_signal', 'budget',
] as const satisfies readonly Constraint[];
const [GPU_MODEL, GPU_MEMORY, OWNER_KIND, CAPACITY, PRICE_CEILING, CARBON_CEILING, DEADLINE, EVENT_SHED, MIN_TRUST, HEALTH, NO_SIGNAL_CODE] = [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13] as const;
/** Codes from here on: the node fits, plus its standing. */
const FITS = 32;

export interface Screened {
  /** By node: 0 for a candidate, else what `constraintOf` reads. */
  readonly codes: Uint8Array;
  readonly fitting: number;
  readonly excluded: ExclusionCounts;
  /** Nothing with a signal fits: price and slug decide (W-64). */
  readonly carbonUnknown: boolean;
}

/** Indices of the nodes that may take the work. */
export const candidatesOf = ({ codes }: Screened): number[] => {
  const all: number[] = [];
  for (let i = 0; i < codes.length; i += 1) if (codes[i] === 0) all.push(i);
  return all;
};

export const constraintOf = (code: number): Constraint => CODES[code - 1]!;
const codeOf = (constraint: Constraint): number => CODES.indexOf(constraint) + 1;

/** Told of every healthy node with a signal that fits and whose rough score is within `limit`. */
export interface Contest {
  /** Of a class, in millionths; with `perUse` × utilisation it is at most two millionths off the exact score. */
  rough(one: NodeClass): number;
  readonly perUse: number;
  limit: number;
  enter(node: number): void;
}

/** Screens every node; the GPUs that the work itself holds on its present node count as free there. */
export function screen(table: FleetTable, ask: WorkAsk, time: RoutingTime, contest: Contest): Screened {
  const minSpeedE3 = slowestInTime(ask, time);
  const zoneCodes = Uint8Array.from([...table.zones, null], (zone) => { const never = zoneConstraint(zone, ask); return never ? codeOf(never) : 0; });
  const codes = new Uint8Array(table.nodes.length);
  const counts = new Int32Array(FITS + AWAY);
  for (const one of table.classes) {
    const code = classCode(one, ask, zoneCodes[one.zoneIndex]!, minSpeedE3);
    if (code === 0) screenNodes(table, one, ask, { codes, counts, contest });
    else {
      for (let i = one.from; i < one.to; i += 1) codes[i] = code;
      counts[code]! += one.to - one.from;
    }
  }
  return screened(codes, counts);
}

/** The nodes of a class that fits, emptiest first. */
function screenNodes(table: FleetTable, one: NodeClass, ask: WorkAsk, { codes, counts, contest }: { codes: Uint8Array; counts: Int32Array; contest: Contest }): void {
  const { free, utilisation } = table;
  const own = ask.current ? table.bySlug.get(ask.current.nodeSlug) ?? -1 : -1;
  const choosy = ask.constraints.minTrust !== undefined || ask.constraints.maxMicroUsdPerGpuHour !== undefined;
  const rough = contest.rough(one);
  let i = one.from;
  if (!choosy) {
    // Fuller nodes of the class only score worse: the first that is too far behind ends the comparing, not the counting.
    while (i < one.to && free[i]! >= ask.gpuCount && rough + utilisation[i]! * contest.perUse <= contest.limit) { contest.enter(i); i += 1; }
    while (i < one.to && free[i]! >= ask.gpuCount) i += 1;
  }
  for (; i < one.to; i += 1) {
    const code = choosy || free[i]! < 0 || i === own ? nodeCode(table, i, ask) : CAPACITY;
    if (code === 0) contest.enter(i);
    else { codes[i] = code; counts[code]! += 1; }
  }
}

function nodeCode(table: FleetTable, i: number, ask: WorkAsk): number {
  const node = table.nodes[i]!;
  const { minTrust = 0, maxMicroUsdPerGpuHour: maxRental } = ask.constraints;
  if (maxRental !== undefined && node.priceMicroUsdPerGpuHour > maxRental) return PRICE_CEILING;
  if (node.trust < minTrust) return MIN_TRUST;
  const standing = table.standing[i]!;
  if (standing === AWAY) return HEALTH;
  const own = ask.current?.nodeSlug === node.slug ? ask.gpuCount : 0;
  if (node.gpus - node.gpusReserved + own < ask.gpuCount) return CAPACITY;
  return standing === 0 ? 0 : FITS + standing;
}

/** Where no healthy node with a signal fits, the best standing that has nodes comes in; the others are excluded by what makes them worse. */
function screened(codes: Uint8Array, counts: Int32Array): Screened {
  let fitting = codes.length - counts.reduce((sum, count) => sum + count, 0);
  let used = FITS;
  for (let code = FITS + 1; code < FITS + AWAY; code += 1) {
    if (counts[code] === 0) continue;
    const taken = fitting === 0;
    if (taken) { used = code; fitting = counts[code]!; }
    const to = taken ? 0 : code >= FITS + NO_SIGNAL ? NO_SIGNAL_CODE : HEALTH;
    counts[to]! += counts[code]!;
    for (let i = 0; i < codes.length; i += 1) if (codes[i] === code) codes[i] = to;
  }
  const excluded: ExclusionCounts = {};
  for (let code = 1; code <= CODES.length; code += 1) if (counts[code]! > 0) excluded[constraintOf(code)] = counts[code]!;
  return { codes, fitting, excluded, carbonUnknown: used >= FITS + NO_SIGNAL };
}

/** 0, or the code of the first constraint that no node of this class meets; `zoneCode` is what the zone alone forbids. */
function classCode(one: NodeClass, ask: WorkAsk, zoneCode: number, minSpeedE3: number): number {
  const { constraints: c } = ask;
  if (ask.gpuModel !== undefined && one.gpuModel !== ask.gpuModel) return GPU_MODEL;
  if (one.gpuMemoryGb < ask.gpuMemoryGb) return GPU_MEMORY;
  if (zoneCode !== 0) return zoneCode;
  if (c.ownerKinds && !c.ownerKinds.includes(one.ownerKind)) return OWNER_KIND;
  if (one.gpus < ask.gpuCount) return CAPACITY;
  // A comparison with NaN is false: a ceiling never excludes a node whose signal is unknown, that is `no_signal`'s part.
  if (c.maxPriceMicroUsdPerMwh !== undefined && one.priceMicroUsdPerMwh > Number(c.maxPriceMicroUsdPerMwh)) return PRICE_CEILING;
  if (c.maxIntensityMgPerKwh !== undefined && one.intensityMgPerKwh > Number(c.maxIntensityMgPerKwh)) return CARBON_CEILING;
  if (one.speedE3 < minSpeedE3) return DEADLINE;
  return one.zone!.shed ? EVENT_SHED : 0;
}

/** Where the zone itself forbids for ever: residency and the lists; a zone that nobody watches is no place at all. */
function zoneConstraint(view: ZoneView | null, { constraints: c }: WorkAsk): Constraint | null {
  if (view === null) return 'zone';
  if (c.residency !== 'any' && view.region !== c.residency) return 'residency';
  return (c.zones && !c.zones.includes(view.zone)) || c.excludeZones?.includes(view.zone) ? 'zone' : null;
}

/** What hardware, place, owner, rental and deadline rule out for good, whatever the hour (W-62). */
export function lastingConstraint(one: NodeClass, node: NodeOffer, ask: WorkAsk, minSpeedE3: number): Constraint | null {
  const zone = zoneConstraint(one.zone, ask);
  const ageless = { ...one, zone: one.zone && { ...one.zone, shed: false }, priceMicroUsdPerMwh: Number.NaN, intensityMgPerKwh: Number.NaN };
  const code = classCode(ageless, ask, zone ? codeOf(zone) : 0, minSpeedE3);
  if (code !== 0) return constraintOf(code);
  const { maxMicroUsdPerGpuHour: maxRental } = ask.constraints;
  return maxRental !== undefined && node.priceMicroUsdPerGpuHour > maxRental ? 'price_ceiling' : null;
}

/** W-63 as the speed that a node needs: now + restore + units ÷ (speed × GPUs) + 10 % ≤ deadline. */
export function slowestInTime(ask: WorkAsk, time: RoutingTime): number {
  const { deadlineMs } = ask.schedule;
  if (deadlineMs === undefined) return 0;
  const startMs = Math.max(time.nowMs, ask.schedule.notBeforeMs ?? 0);
  const runMs = Math.floor(((deadlineMs - startMs) * time.nodeSecondsPerSecond * 10) / 11) - setupMs(ask);
  return runMs <= 0 ? Infinity : Math.ceil((ask.remainingUnits * 1_000_000) / (runMs * ask.gpuCount));
}

/** Node time before the first unit: a restore, and for running work the checkpoint before it. */
export const setupMs = (ask: WorkAsk): number => Number(transferMs(ask.checkpoint.sizeGb)) * (ask.current ? 2 : ask.restores ? 1 : 0);
