import { operationalGrams, energyCost } from '#domain/quantities/energy';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4 } from '#domain/quantities/quantities';
import { overStretch, rentalFor, reservedByOthers, transferMs, workPowerMw } from './estimate.ts';
import { hourAt, runMs, windowSums } from './hours.ts';

import { egress, type Site } from './objective.ts';
import { meanScoreE6, neededE6 } from './score.ts';
import type { Weights } from './policy.ts';
import type { MoveTariff, WorkAsk } from './types.ts';

/** Money and grams side by side, because they often conflict. */
export interface Amounts {
  readonly microUsd: bigint;
  readonly ng: bigint;
}

const NO_PUE = pueE4(10_000n);

/** W-70: checkpoint here and restore there at full power, the wire, egress, and the units since the last checkpoint done again there. */
export function moveCost(from: Site, to: Site, { ask, tariff }: GainSettings, at: { fromMs: bigint; toMs: bigint } = { fromMs: 0n, toMs: 0n }): Amounts {
  const ms = transferMs(ask.checkpoint.sizeGb);
  const flatOut = ({ node, hours }: Site, fromMs: bigint) => overStretch(node, hours, { powerMw: workPowerMw(node, ask, 1_000), fromMs, ms });
  const againMs = runMs(ask.current?.unitsSinceCheckpoint ?? 0, to.node.speedE3, ask.gpuCount);
  const again = overStretch(to.node, to.hours, { powerMw: workPowerMw(to.node, ask), fromMs: at.toMs, ms: againMs });
  const half = milliJoules(BigInt(Math.round(tariff.transferWhPerGb * ask.checkpoint.sizeGb * 1_800_000)));
  const wire = ({ hours }: Site, fromMs: bigint) => {
    const { intensity, price } = hourAt(hours, fromMs);
    return { ng: operationalGrams(half, NO_PUE, mgPerKwh(BigInt(intensity))), costMicroUsd: energyCost(half, NO_PUE, microUsdPerMwh(BigInt(price))) };
  };
  const parts = [flatOut(from, at.fromMs), flatOut(to, at.toMs), again, wire(from, at.fromMs), wire(to, at.toMs)];
  return {
    microUsd: parts.reduce((sum, part) => sum + part.costMicroUsd!, 0n) + BigInt(Math.round(egress(from, to, ask, tariff))) + rentalFor(to.node, ask, againMs),
    ng: parts.reduce((sum, part) => sum + part.ng!, 0n),
  };
}

export interface GainSettings {
  readonly ask: WorkAsk;
  readonly tariff: MoveTariff;
}

/** The remaining work cut into `chunks` equal parts, and the site of each: a course to weigh against staying. */
export interface Course {
  readonly chunks: number;
  readonly sites: readonly Site[];
}

/**
 * W-70: all remaining work here, less the same on the course that the move begins, less this move and the later ones.
 * A course that comes back for the night is worth what it saves until then; held against staying away for good it would
 * never begin, and half of what planning saves would be lost (`bench outcome` on 2020: 96 instead of 97 %).
 */
export function netGain(from: Site, course: Course, settings: GainSettings): Amounts {
  const whole = { chunks: course.chunks, sites: course.sites.map(() => from) };
  const [here, there] = [courseAmounts(from, whole, settings), courseAmounts(from, course, settings)];
  return { microUsd: here.microUsd - there.microUsd, ng: here.ng - there.ng };
}

/** Energy, rental and moves of a course; each stay is one figure, rounded once. */
function courseAmounts(from: Site, { chunks, sites }: Course, settings: GainSettings): Amounts {
  const { ask } = settings;
  const reached = ({ node }: Site, chunk: number) => (runMs(ask.remainingUnits, node.speedE3, ask.gpuCount) * BigInt(chunk)) / BigInt(chunks);
  let total: Amounts = { microUsd: 0n, ng: 0n };
  let before = from;
  for (let begin = 0, end = 0; begin < chunks; begin = end) {
    const site = sites[begin]!;
    while (end < chunks && sites[end] === site) end += 1;
    const [fromMs, toMs] = [reached(site, begin), reached(site, end)];
    const stay = overStretch(site.node, site.hours, { powerMw: workPowerMw(site.node, ask), fromMs, ms: toMs - fromMs });
    const move = site === before ? { microUsd: 0n, ng: 0n } : moveCost(before, site, settings, { fromMs: reached(before, begin), toMs: fromMs });
    total = { microUsd: total.microUsd + stay.costMicroUsd! + rentalFor(site.node, ask, toMs - fromMs) + move.microUsd, ng: total.ng + stay.ng! + move.ng };
    before = site;
  }
  return total;
}

/** Above 0 in the policy's own objective: USD with grams at 200 × w_c ÷ w_p USD/t, or grams alone (W-60, W-70). Exact. */
export const gains = ({ microUsd, ng }: Amounts, { carbon, price }: Weights): boolean =>
  price === 0 ? ng > 0n : microUsd * BigInt(price) * 1_000_000_000n + ng * 200n * BigInt(carbon) > 0n;

export interface Improvement {
  readonly currentE6: bigint;
  readonly improvementE6: bigint;
  readonly neededE6: bigint;
}

/** W-69: means over the comparison window, over as many hours as both zones know. */
export function improvementOf(from: Site, to: Site, ask: WorkAsk): Improvement {
  const { weights, thresholdE3, comparisonWindowH } = ask.policy;
  const hours = Math.min(comparisonWindowH, from.hours.known, to.hours.known);
  const mean = ({ node, hours: series }: Site) => {
    const sums = windowSums(series, hours);
    const price = sums.price + node.energyAdderMicroUsdPerMwh * BigInt(sums.hours);
    return meanScoreE6(weights, { ...sums, price }, { reserved: reservedByOthers(node, ask), gpus: node.gpus });
  };
  const currentE6 = mean(from);
  return { currentE6, improvementE6: currentE6 - mean(to), neededE6: neededE6(currentE6, thresholdE3) };
}
