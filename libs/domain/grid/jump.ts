const FACTOR = 10n;

/**
 * W-38: a value above ten times its 7-day mean is doubted until the interval after it says about the same. Only where the mean
 * is above 0: prices around 0 jump by nature. `doubted` is the value before, if it was doubted too.
 */
export function isJump(value: bigint, mean: bigint | null, doubted: bigint | null): boolean {
  if (mean === null || mean <= 0n || value <= FACTOR * mean) return false;
  const agrees = doubted !== null && value * 2n >= doubted && value <= doubted * 2n;
  return !agrees;
}
