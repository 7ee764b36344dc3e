import { parseDecimal } from '#domain/quantities/decimal';

/** What the caller of a `shed` wants, as it stands in the event's row (W-56); none is all flexible load. */
export interface ShedTarget {
  /** Decimal text. */
  readonly target_kw?: string;
  readonly target_percent?: number;
}

/** Work of a zone that may be shed, in whole watts at the device's meter; together it is the zone's flexible load (W-101). */
export interface FlexibleLoad {
  readonly workloadId: string;
  readonly powerW: number;
}

/** Watts to shed. A percentage is of the flexible load there was, shed load included, and rounded up: a target is met, not approached. */
export function targetWatts(target: ShedTarget | null, flexibleW: number): number {
  if (target?.target_kw !== undefined) return Number((parseDecimal(target.target_kw, 6) + 999n) / 1_000n);
  return Math.ceil((flexibleW * (target?.target_percent ?? 100)) / 100);
}

export const targetInWords = (target: ShedTarget | null): string =>
  target?.target_kw !== undefined ? `${target.target_kw} kW` : `${target?.target_percent ?? 100} % of flexible load`;
