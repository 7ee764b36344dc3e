import { formatRounded } from '../quantities/decimal.ts';
import type { Fuel } from './factors.ts';

export type SignalKind = 'intensity' | 'price' | 'generation' | 'demand' | 'curtailed';
export type Basis = 'average_lifecycle' | 'average_direct' | 'marginal';
export type SignalQuality = 'final' | 'preliminary' | 'estimated' | 'fallback';

export const SIGNAL_KINDS: readonly SignalKind[] = ['intensity', 'price', 'generation', 'demand', 'curtailed'];
export const BASES: readonly Basis[] = ['average_lifecycle', 'average_direct', 'marginal'];

/** One fuel, or all renewables together where a source gives only their sum. */
export type Technology = Fuel | 'renewable';

/** Which line of figures: intensity has a basis, generation may speak of one technology (without it, it is the total). */
export interface Series {
  readonly kind: SignalKind;
  readonly basis: Basis | null;
  readonly fuel: Technology | null;
}

/** `value` is an integer: mg/kWh, µUSD/MWh or kW. */
export interface SignalValue extends Series {
  readonly value: bigint;
}

/** W-36. Times are milliseconds since 1970. Never changed: a revision is a new row with a later `issuedAt`. */
export interface SignalRow extends SignalValue {
  readonly zone: string;
  readonly intervalStart: number;
  readonly lengthS: number;
  readonly sourceTime: number;
  readonly source: string;
  readonly sourceRef: string;
  readonly issuedAt: number;
  readonly quality: SignalQuality;
  /** Made by a demo control (W-134). */
  readonly override: boolean;
}

interface Unit {
  readonly unit: string;
  /** Decimal places of the stored integer in that unit. */
  readonly places: number;
  readonly min: bigint;
  readonly max: bigint;
}

const POWER: Unit = { unit: 'MW', places: 3, min: 0n, max: 1_000_000_000n };
/** W-2's scales and W-38's bounds, which real grids have never left. */
const UNITS: Readonly<Record<SignalKind, Unit>> = {
  intensity: { unit: 'gCO2e/kWh', places: 3, min: 0n, max: 2_000_000n },
  price: { unit: 'USD/MWh', places: 6, min: -10_000_000_000n, max: 20_000_000_000n },
  generation: POWER,
  demand: POWER,
  curtailed: POWER,
};
const MARGINAL_MIN = -500_000n;

export const unitOf = (kind: SignalKind): string => UNITS[kind].unit;
export const placesOf = (kind: SignalKind): number => UNITS[kind].places;

/** W-1: what people and the API see, at most 3 decimals. */
export const showSignal = (kind: SignalKind, value: bigint): string => formatRounded(value, UNITS[kind].places, 3);

/** W-38: what no statement of this kind may be above. */
export const highestOf = (kind: SignalKind): bigint => UNITS[kind].max;

/** W-38. */
export function inBounds({ kind, basis, value }: SignalValue): boolean {
  const { min, max } = UNITS[kind];
  return value >= (basis === 'marginal' ? MARGINAL_MIN : min) && value <= max;
}

/** One text per line of figures: 'intensity:marginal', 'generation:wind', 'generation:', 'price:'. */
export const seriesKey = ({ kind, basis, fuel }: Series): string => `${kind}:${basis ?? fuel ?? ''}`;

/**
 * The bytes of a row that its sha256 is taken over: RFC 8785 of what the source said (members in order, integers as texts).
 * Our own id and the time we fetched it are not in it, so the same statement has the same hash wherever it was heard.
 */
export const canonicalSignal = (row: SignalRow): string =>
  JSON.stringify({
    basis: row.basis,
    fuel: row.fuel,
    interval_start: new Date(row.intervalStart).toISOString(),
    issued_at: new Date(row.issuedAt).toISOString(),
    kind: row.kind,
    length_s: row.lengthS,
    override: row.override,
    quality: row.quality,
    source: row.source,
    source_ref: row.sourceRef,
    source_time: new Date(row.sourceTime).toISOString(),
    unit: UNITS[row.kind].unit,
    value: row.value.toString(),
    zone: row.zone,
  });

const HALF = 0.5;

/** A modelled figure as an integer of 10^-places, half to even as everywhere in the books. Exact: |value| × 10^places < 2⁵³. */
export function toInteger(value: number, places: number): bigint {
  const scaled = value * 10 ** places;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return BigInt(rest > HALF || (rest === HALF && floor % 2 !== 0) ? floor + 1 : floor);
}
