import { formatDecimal, formatRounded } from '#domain/quantities/decimal';
import { divideHalfEven } from '#domain/quantities/round';

/** One accepted report of a node, as mean power over its interval: at the device's meter, without PUE. */
export interface MeteredPower {
  readonly nodeId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly powerMw: bigint;
  readonly grade: 'measured' | 'modelled' | 'estimated';
}

export interface ResponseInput {
  readonly reports: readonly MeteredPower[];
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  /** Power above the baseline from the close until here is rebound. */
  readonly measuredUntilMs: number;
  /** What was asked for, in mW; null where nobody asked for an amount. */
  readonly targetMw: bigint | null;
  /** `absorb` counts load that was added. */
  readonly reversed: boolean;
  readonly stepMs: number;
  /** Node seconds per wall second: energy is metered in node time (W-27). */
  readonly timeScale: number;
}

/** W-106 in the words of the API. Kilowatts are decimals, energy is the ledger's integer. */
export interface EventResponse {
  readonly peak_kw: string;
  readonly mean_kw: string;
  readonly energy_mj: string;
  readonly time_to_first_ms: number | null;
  readonly time_to_90_percent_ms: number | null;
  readonly share_of_target: string | null;
  readonly rebound_mj: string;
  readonly baseline_kw: string;
  readonly steps: readonly { readonly at: string; readonly kw: string }[];
  readonly grade: MeteredPower['grade'];
  /** Mean response against the lowest and the highest baseline that the 15 minutes before would allow. */
  readonly range: { readonly mean_kw_low: string; readonly mean_kw_high: string };
}

export type MeasuredResponse = { readonly response: EventResponse } | { readonly unknown: 'no_reports' };

const BASELINE_MS = 15 * 60_000;
const BASELINE_REPORTS = 3;
const FIRST_PERCENT = 10n;

/**
 * W-106: metered power against its mean in the 15 minutes before. A node without three reports there has no baseline and is
 * left out; where none has one the response is unknown, never 0. A step that lacks a node's reports is left out too.
 * Times run to the end of the first step that reaches 10 and 90 % of the target, or of the peak where there is no target.
 */
export function measureResponse(input: ResponseInput): MeasuredResponse {
  const before = baselines(input);
  if (before.size === 0) return { unknown: 'no_reports' };
  const sum = (pick: (baseline: Baseline) => bigint) => [...before.values()].reduce((total, baseline) => total + pick(baseline), 0n);
  const baselineMw = sum(({ meanMw }) => meanMw);
  const during = steps(input, before, input.openedAtMs, input.closedAtMs);
  if (during.length === 0) return { unknown: 'no_reports' };
  const responses = during.map(({ atMs, powerMw }) => ({ atMs, mw: input.reversed ? powerMw - baselineMw : baselineMw - powerMw }));
  const totalMw = responses.reduce((total, { mw }) => total + mw, 0n);
  const peakMw = responses.reduce((most, { mw }) => (mw > most ? mw : most), responses[0]!.mw);
  const meanMw = divideHalfEven(totalMw, BigInt(responses.length));
  const against = (baseline: bigint) => (input.reversed ? meanMw + baselineMw - baseline : meanMw - baselineMw + baseline);
  const ends = [against(sum(({ lowMw }) => lowMw)), against(sum(({ highMw }) => highMw))].sort((a, b) => (a < b ? -1 : 1));
  const reached = (percent: bigint) => timeToReach(responses, ((input.targetMw ?? peakMw) * percent) / 100n, input);
  return {
    response: {
      peak_kw: kw(peakMw),
      mean_kw: kw(meanMw),
      energy_mj: energyMj(totalMw, input).toString(),
      time_to_first_ms: reached(FIRST_PERCENT),
      time_to_90_percent_ms: reached(90n),
      share_of_target: input.targetMw ? formatDecimal(divideHalfEven(meanMw * 1_000n, input.targetMw), 3) : null,
      rebound_mj: rebound(input, before, baselineMw).toString(),
      baseline_kw: kw(baselineMw),
      steps: responses.map(({ atMs, mw }) => ({ at: new Date(atMs).toISOString(), kw: kw(mw) })),
      grade: worst(input.reports),
      range: { mean_kw_low: kw(ends[0]!), mean_kw_high: kw(ends[1]!) },
    },
  };
}

interface Baseline {
  readonly meanMw: bigint;
  readonly lowMw: bigint;
  readonly highMw: bigint;
}

function baselines({ reports, openedAtMs }: ResponseInput): Map<string, Baseline> {
  const found = new Map<string, Baseline>();
  const window = reports.filter(({ startMs, endMs }) => startMs >= openedAtMs - BASELINE_MS && endMs <= openedAtMs);
  for (const [nodeId, own] of Map.groupBy(window, (report) => report.nodeId)) {
    if (own.length < BASELINE_REPORTS) continue;
    const powers = own.map(({ powerMw }) => powerMw).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    found.set(nodeId, { meanMw: metered(own, openedAtMs - BASELINE_MS, openedAtMs).meanMw!, lowMw: powers[0]!, highMw: powers.at(-1)! });
  }
  return found;
}

function steps({ reports, stepMs }: ResponseInput, nodes: ReadonlyMap<string, unknown>, fromMs: number, toMs: number) {
  const byNode = Map.groupBy(reports, (report) => report.nodeId);
  const found: { atMs: number; powerMw: bigint }[] = [];
  for (let atMs = fromMs; atMs + stepMs <= toMs; atMs += stepMs) {
    const parts = [...nodes.keys()].map((nodeId) => metered(byNode.get(nodeId) ?? [], atMs, atMs + stepMs));
    // Half of the step without a reading is no reading.
    if (parts.some(({ coveredMs }) => coveredMs * 2 < stepMs)) continue;
    found.push({ atMs, powerMw: parts.reduce((sum, { meanMw }) => sum + meanMw!, 0n) });
  }
  return found;
}

/** Time-weighted mean over what the reports cover of a stretch; null where they cover none. */
function metered(reports: readonly MeteredPower[], fromMs: number, toMs: number): { coveredMs: number; meanMw: bigint | null } {
  let coveredMs = 0;
  let mwMs = 0n;
  for (const { startMs, endMs, powerMw } of reports) {
    const ms = Math.min(endMs, toMs) - Math.max(startMs, fromMs);
    if (ms <= 0) continue;
    coveredMs += ms;
    mwMs += powerMw * BigInt(ms);
  }
  return { coveredMs, meanMw: coveredMs > 0 ? divideHalfEven(mwMs, BigInt(coveredMs)) : null };
}

function rebound(input: ResponseInput, before: ReadonlyMap<string, Baseline>, baselineMw: bigint): bigint {
  const after = steps(input, before, input.closedAtMs, input.measuredUntilMs);
  const aboveMw = after.reduce((sum, { powerMw }) => {
    const excess = input.reversed ? baselineMw - powerMw : powerMw - baselineMw;
    return sum + (excess > 0n ? excess : 0n);
  }, 0n);
  return energyMj(aboveMw, input);
}

const timeToReach = (responses: readonly { atMs: number; mw: bigint }[], levelMw: bigint, { openedAtMs, stepMs }: ResponseInput): number | null => {
  if (levelMw <= 0n) return null;
  const first = responses.find(({ mw }) => mw >= levelMw);
  return first ? first.atMs + stepMs - openedAtMs : null;
};

/** Σ mW × step: mW × ms ÷ 1,000 = mJ, in node time. */
const energyMj = (sumMw: bigint, { stepMs, timeScale }: ResponseInput): bigint => divideHalfEven(sumMw * BigInt(stepMs) * BigInt(timeScale), 1_000n);
const kw = (mw: bigint): string => formatRounded(mw, 6, 3);
const worst = (reports: readonly MeteredPower[]): MeteredPower['grade'] =>
  (['estimated', 'modelled', 'measured'] as const).find((grade) => reports.some((report) => report.grade === grade)) ?? 'estimated';
