import { operationalGrams, energyCost } from '#domain/quantities/energy';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4 } from '#domain/quantities/quantities';
import { estimateStay, overStretch, rentalFor, reservedByOthers, transferMs, workPowerMw } from './estimate.ts';
import { runMs, windowSums } from './hours.ts';

import { egress, type Site } from './objective.ts';
import { meanScoreE6, neededE6 } from './score.ts';
import type { Weights } from './policy.ts';
import type { MoveTariff, RoutingTime, WorkAsk } from './types.ts';

/** Money and grams side by side, because they often conflict. */
export interface Amounts {
  readonly microUsd: bigint;
  readonly ng: bigint;
}

const NO_PUE = pueE4(10_000n);

/** W-70: checkpoint here and restore there at full power, the wire, egress, and the units since the last checkpoint done again there. */
export function moveCost(from: Site, to: Site, ask: WorkAsk, tariff: MoveTariff): Amounts {
  const ms = transferMs(ask.checkpoint.sizeGb);
  const flatOut = ({ node, hours }: Site) => overStretch(node, hours, { powerMw: workPowerMw(node, ask, 1_000), fromMs: 0n, ms });
  const againMs = runMs(ask.current?.unitsSinceCheckpoint ?? 0, to.node.speedE3, ask.gpuCount);
  const again = overStretch(to.node, to.hours, { powerMw: workPowerMw(to.node, ask), fromMs: 0n, ms: againMs });
  const half = milliJoules(BigInt(Math.round(tariff.transferWhPerGb * ask.checkpoint.sizeGb * 1_800_000)));
  const wire = ({ hours }: Site) => ({
    ng: operationalGrams(half, NO_PUE, mgPerKwh(BigInt(hours.intensity.values[0]!))),
    costMicroUsd: energyCost(half, NO_PUE, microUsdPerMwh(BigInt(hours.price.values[0]!))),
  });
  const parts = [flatOut(from), flatOut(to), again, wire(from), wire(to)];
  return {
    microUsd: parts.reduce((sum, part) => sum + part.costMicroUsd!, 0n) + BigInt(Math.round(egress(from, to, ask, tariff))) + rentalFor(to.node, ask, againMs),
    ng: parts.reduce((sum, part) => sum + part.ng!, 0n),
  };
}

/** W-70: all remaining work here, less the same there, less the move. */
export function netGain(from: Site, to: Site, cost: Amounts, ask: WorkAsk, time: RoutingTime): Amounts {
  const stays = { ...ask, restores: false };
  const here = estimateStay(from.node, stays, from.hours, time);
  const there = estimateStay(to.node, stays, to.hours, time);
  return { microUsd: here.totalMicroUsd - there.totalMicroUsd - cost.microUsd, ng: here.ng! - there.ng! - cost.ng };
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
