/** W-133: how a page paints an intensity; always beside the value and this word. `unknown` is hatched grey. */
export type CarbonColor = 'green' | 'light green' | 'yellow' | 'orange' | 'red' | 'unknown';

const BELOW: readonly (readonly [mg: bigint, color: CarbonColor])[] = [[100_000n, 'green'], [200_000n, 'light green'], [300_000n, 'yellow'], [450_000n, 'orange']];

/** @param intensity mg/kWh; null where there is no signal, which is not 0 */
export const carbonColor = (intensity: bigint | null): CarbonColor =>
  intensity === null ? 'unknown' : (BELOW.find(([below]) => intensity < below)?.[1] ?? 'red');
