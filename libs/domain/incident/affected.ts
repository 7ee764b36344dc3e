import { targetWatts, type FlexibleLoad, type ShedTarget } from './target.ts';

/**
 * W-101 for `shed`: most power first, ties by id, until the target is met. `shedW` is what earlier rounds of the same event
 * already took off. Where the target is all there is, all are picked, also those whose power nobody knows yet.
 */
export function pickForShed<L extends FlexibleLoad>(loads: readonly L[], target: ShedTarget | null, shedW: number): L[] {
  const flexibleW = loads.reduce((sum, { powerW }) => sum + powerW, shedW);
  const wantedW = targetWatts(target, flexibleW);
  if (wantedW <= shedW && wantedW < flexibleW) return [];
  const inOrder = loads.toSorted((a, b) => b.powerW - a.powerW || byId(a, b));
  if (wantedW >= flexibleW) return inOrder;
  const picked: L[] = [];
  let soFarW = shedW;
  for (const load of inOrder) {
    if (soFarW >= wantedW) break;
    picked.push(load);
    soFarW += load.powerW;
  }
  return picked;
}

export interface Surplus {
  readonly workloadId: string;
  readonly gpus: number;
  /** Milliseconds since 1970; who has none comes last. */
  readonly deadlineMs: number | null;
}

/**
 * W-101 for `absorb`: waiting and queued work first, the nearest deadline first, then work that runs elsewhere, up to the
 * zone's free GPUs. Who does not fit is passed over for a smaller one.
 */
export function pickForAbsorb<S extends Surplus>(waiting: readonly S[], elsewhere: readonly S[], freeGpus: number): S[] {
  let left = freeGpus;
  return [...waiting.toSorted(byDeadline), ...elsewhere.toSorted(byDeadline)].filter(({ gpus }) => {
    if (gpus > left) return false;
    left -= gpus;
    return true;
  });
}

/** W-105's order: the nearest deadline first, ties by id. */
export const byDeadline = (a: Surplus, b: Surplus): number => (a.deadlineMs ?? Infinity) - (b.deadlineMs ?? Infinity) || byId(a, b);

const byId = (a: { workloadId: string }, b: { workloadId: string }): number => (a.workloadId < b.workloadId ? -1 : a.workloadId > b.workloadId ? 1 : 0);
