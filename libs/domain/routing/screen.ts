import { transferMs } from './estimate.ts';
import { AWAY, type FleetTable, NO_SIGNAL, type NodeClass } from './fleet-table.ts';
import type { Constraint, ExclusionCounts, RoutingTime, WorkAsk } from './types.ts';

/**
 * The constraints of W-62; a node is counted under the first that it fails: what its class cannot be or may not do, then
 * what it is itself, then how it is now. Degraded nodes and nodes without a signal come in, by standing, only when nothing
 * better fits (node table before W-30, W-64).
 */
const CODES = [
  'gpu_model', 'gpu_memory', 'residency', 'zone', 'owner_kind', 'capacity', 'price_ceiling', 'carbon_ceiling', 'deadline', 'event_shed',
  'min_trust', 'health', 'no_signal', 'budget',
] as const satisfies readonly Constraint[];
const CAPACITY = 6;
const PRICE_CEILING = 7;
const MIN_TRUST = 11;
const HEALTH = 12;
const NO_SIGNAL_CODE = 13;
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
  /** By class, in millionths; with `perUse` × utilisation it is at most two millionths off the exact score. */
  readonly rough: Float64Array;
  readonly perUse: number;
  limit: number;
  enter(node: number): void;
}

/** Screens every node; the GPUs that the work itself holds on its present node count as free there. */
export function screen(table: FleetTable, ask: WorkAsk, time: RoutingTime, contest: Contest): Screened {
  const minSpeedE3 = slowestInTime(ask, time);
  const classCodes = new Uint8Array(table.classes.length);
  for (let i = 0; i < classCodes.length; i += 1) classCodes[i] = classCode(table.classes[i]!, ask, minSpeedE3);
  const codes = new Uint8Array(table.nodes.length);
  const counts = new Int32Array(FITS + AWAY);
  screenNodes(table, ask, classCodes, codes, counts, contest);
  return screened(codes, counts);
}

/** The loop of W-138: columns in locals and one pass, since a decision may spend ten nanoseconds on a node. */
function screenNodes(table: FleetTable, ask: WorkAsk, classCodes: Uint8Array, codes: Uint8Array, counts: Int32Array, contest: Contest): void {
  const { class: classIndex, free, utilisation } = table;
  const { rough, perUse } = contest;
  const { minTrust, maxMicroUsdPerGpuHour } = ask.constraints;
  // Where nothing is asked of the node itself, free GPUs are all that is left to check.
  const enough = minTrust === undefined && maxMicroUsdPerGpuHour === undefined ? ask.gpuCount : Infinity;
  let limit = contest.limit;
  for (let i = 0; i < codes.length; i += 1) {
    const one = classIndex[i]!;
    let code = classCodes[one]!;
    if (code === 0 && free[i]! < enough) code = nodeCode(table, i, ask);
    if (code === 0) {
      if (rough[one]! + utilisation[i]! * perUse <= limit) { contest.enter(i); limit = contest.limit; }
    } else {
      codes[i] = code;
      counts[code]! += 1;
    }
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

/** 0, or the code of the first constraint that no node of this class meets. */
function classCode(one: NodeClass, ask: WorkAsk, minSpeedE3: number): number {
  const never = lastingConstraint(one, ask);
  if (never) return codeOf(never);
  const { constraints: c } = ask;
  // A comparison with NaN is false: a ceiling never excludes a node whose signal is unknown, that is `no_signal`'s part.
  if (c.maxPriceMicroUsdPerMwh !== undefined && one.priceMicroUsdPerMwh > Number(c.maxPriceMicroUsdPerMwh)) return PRICE_CEILING;
  if (c.maxIntensityMgPerKwh !== undefined && one.intensityMgPerKwh > Number(c.maxIntensityMgPerKwh)) return codeOf('carbon_ceiling');
  if (one.speedE3 < minSpeedE3) return codeOf('deadline');
  return one.zone!.shed ? codeOf('event_shed') : 0;
}

/** What hardware and place rule out for good, whatever the hour. */
export function lastingConstraint(one: Omit<NodeClass, 'priceMicroUsdPerMwh' | 'intensityMgPerKwh'>, ask: WorkAsk): Constraint | null {
  const { constraints: c } = ask;
  if (ask.gpuModel !== undefined && one.gpuModel !== ask.gpuModel) return 'gpu_model';
  if (one.gpuMemoryGb < ask.gpuMemoryGb) return 'gpu_memory';
  if (one.zone === null) return 'zone';
  if (c.residency !== 'any' && one.zone.region !== c.residency) return 'residency';
  if ((c.zones && !c.zones.includes(one.zone.zone)) || c.excludeZones?.includes(one.zone.zone)) return 'zone';
  if (c.ownerKinds && !c.ownerKinds.includes(one.ownerKind)) return 'owner_kind';
  return one.gpus < ask.gpuCount ? 'capacity' : null;
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
