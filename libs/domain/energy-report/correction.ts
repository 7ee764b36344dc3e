/** One signal interval of a settled segment, before late reports of it are counted. Energies are mJ, times ms. */
export interface SettledInterval {
  /** Its line and the corrections made so far: measured energy and the estimate of what was missing. */
  readonly booked: bigint;
  /** What accepted reports have opened of it so far. */
  readonly opened: bigint;
  /** How long the segment was here in it. */
  readonly stayMs: number;
  /** How much of that those reports cover. */
  readonly coveredMs: number;
}

/**
 * W-24: the estimate that late reports of `lateMs` take the place of. An estimate is power × time, so they replace their share of the time
 * that is still missing, rounded down; the last of them replaces all that is left, so no millijoule of an estimate outlives its gap.
 */
export function replacedEstimate({ booked, opened, stayMs, coveredMs }: SettledInterval, lateMs: number): bigint {
  const estimate = booked - opened;
  const gapMs = stayMs - coveredMs;
  if (estimate <= 0n) return 0n;
  return lateMs >= gapMs ? estimate : (estimate * BigInt(lateMs)) / BigInt(gapMs);
}
