export interface Resumed {
  readonly gpus: number;
  readonly atMs: number;
}

const WINDOW_MS = 10_000;

/**
 * W-105: milliseconds until the next one may resume, so that work comes back at no more than 10 % of the zone's GPUs per 10 s.
 * One that is larger than these 10 % comes back alone, and holds the place for as long as the pace needs to make up for it.
 */
export function resumeWaitMs(resumed: readonly Resumed[], next: { readonly gpus: number }, zoneGpus: number, nowMs: number): number {
  if (zoneGpus <= 0) return 0;
  const holding = resumed
    .map(({ gpus, atMs }) => ({ tenths: tenthsOf(gpus, zoneGpus), untilMs: atMs + holdsMs(gpus, zoneGpus) }))
    .filter(({ untilMs }) => untilMs > nowMs)
    .toSorted((a, b) => a.untilMs - b.untilMs);
  let held = holding.reduce((sum, { tenths }) => sum + tenths, 0);
  let freeAtMs = nowMs;
  for (const { tenths, untilMs } of holding) {
    if (held + tenthsOf(next.gpus, zoneGpus) <= zoneGpus) break;
    held -= tenths;
    freeAtMs = untilMs;
  }
  return freeAtMs - nowMs;
}

/** In tenths of a GPU, so that 10 % of the zone is the whole number `zoneGpus`. */
const tenthsOf = (gpus: number, zoneGpus: number): number => Math.min(gpus * 10, zoneGpus);
const holdsMs = (gpus: number, zoneGpus: number): number => Math.ceil(WINDOW_MS * Math.max(1, (gpus * 10) / zoneGpus));
