import { formatDecimal } from '#domain/quantities/decimal';
import { expectedFrom, planSites, type PlanSettings, type Site, type SitePlan } from './objective.ts';
import type { PlaceInput } from './contract.ts';

const HOUR_MS = 3_600_000;

export interface Waiting {
  /** The latest start; then it begins in any case. */
  readonly startsByMs: number;
  readonly bestStartMs: number;
  /** Share of the objective of starting now, 0–1 with 3 places; null where that objective is not above 0. */
  readonly saving: string | null;
}

interface Now {
  readonly winner: Site;
  readonly now: number;
  readonly plan: SitePlan;
  readonly settings: PlanSettings;
}

/**
 * W-67: the best start before the latest one, if it saves enough; null means start now. The latest start is the present
 * winner's: deadline − 1.1 × its duration − 2 intervals; a slower site may not start as late as that and is left out there.
 * Only hours that a forecast knows are waited for, never the mean beyond it.
 */
export function betterStart(input: PlaceInput, { winner, now, plan, settings }: Now): Waiting | null {
  const { ask, time, waiting } = input;
  const { flexible, deadlineMs } = ask.schedule;
  if (!flexible || deadlineMs === undefined) return null;
  const hourMs = HOUR_MS / time.nodeSecondsPerSecond;
  const latestOf = ({ runHours }: Site) => deadlineMs - 1.1 * runHours * hourMs - 2 * time.intervalMs;
  const startsByMs = Math.floor(latestOf(winner));
  const known = Math.min(...plan.sites.map(({ hours }) => hours.known));
  let best = { start: 0, value: Infinity };
  for (let start = 1; start < known && time.nowMs + start * hourMs <= startsByMs; start += 1) {
    const inTime = plan.sites.filter((site) => time.nowMs + start * hourMs <= latestOf(site));
    const later = planSites(inTime, { ...settings, start });
    const value = Math.min(...inTime.map((site) => expectedFrom(site, later, settings.objective, start)));
    if (value < best.value) best = { start, value };
  }
  const saved = now - Math.round(best.value);
  // Halves, so that half of an odd share is exact; near and below zero any saving is a large share, so it has to be one at all.
  const needed = Math.abs(now) * ask.policy.waitMinSavingE3 * (waiting ? 1 : 2);
  if (!(saved > 0) || saved * 2_000 < needed) return null;
  return { startsByMs, bestStartMs: Math.round(time.nowMs + best.start * hourMs), saving: now > 0 ? formatDecimal(BigInt(Math.floor((saved * 1_000) / now)), 3) : null };
}
