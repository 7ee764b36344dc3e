import { divideHalfEven } from '#domain/quantities/round';
import type { Weights } from './policy.ts';

/** What W-57 reads of a node: mg/kWh, µUSD/MWh with the node's adder, reserved ÷ all GPUs before this job. All integers. */
export interface ScoreInputs {
  readonly intensityMgPerKwh: number;
  readonly priceMicroUsdPerMwh: number;
  readonly reserved: number;
  readonly gpus: number;
}

/** Scores are millionths. Up to this many GPUs a node's score is exact in doubles: 1,000 × 2·10¹⁰ × 256 < 2⁵³. */
export const EXACT_UP_TO_GPUS = 256;

/**
 * W-57 in millionths, half-even once: w_c × intensity ÷ 500 + w_p × price ÷ 100 + w_u × utilisation.
 *
 * All three terms over the one denominator 10⁵ × GPUs, in doubles that hold integers only: bigints would cost a decision
 * over 1,000 nodes ten times its time. `scoreParts` is the same in bigints and a property holds them equal.
 */
export function scoreE6(w: Weights, { intensityMgPerKwh, priceMicroUsdPerMwh, reserved, gpus }: ScoreInputs): number {
  const perGpu = w.carbon * intensityMgPerKwh * 200 + w.price * priceMicroUsdPerMwh;
  return ratioHalfEven(perGpu * gpus + w.utilisation * 100_000_000 * reserved, 100_000 * gpus);
}

/** n ÷ d half-even for integers within ± 2⁵³, d > 0. */
export function ratioHalfEven(n: number, d: number): number {
  const size = Math.abs(n);
  let quotient = Math.floor(size / d);
  // Exact, because no term leaves 2⁵³: the division may have been rounded up to the next integer, and its product would.
  let rest = size - d - (quotient - 1) * d;
  if (rest < 0) { quotient -= 1; rest += d; }
  if (rest * 2 > d || (rest * 2 === d && quotient % 2 !== 0)) quotient += 1;
  return n < 0 ? 0 - quotient : quotient;
}

/** The score and its three terms, each rounded on its own for show; `score` is rounded once from the whole. */
export function scoreParts(w: Weights, inputs: ScoreInputs): { score: bigint; carbon: bigint; price: bigint; utilisation: bigint } {
  const terms = numerators(w, BigInt(inputs.intensityMgPerKwh), BigInt(inputs.priceMicroUsdPerMwh), inputs, 1n);
  const d = 100_000n * BigInt(inputs.gpus);
  const whole = terms.carbon + terms.price + terms.utilisation;
  return { score: divideHalfEven(whole, d), carbon: divideHalfEven(terms.carbon, d), price: divideHalfEven(terms.price, d), utilisation: divideHalfEven(terms.utilisation, d) };
}

/** W-69: the mean score of several hours, from sums over them and rounded once. */
export function meanScoreE6(w: Weights, sums: { intensity: bigint; price: bigint; hours: number }, use: { reserved: number; gpus: number }): bigint {
  const hours = BigInt(sums.hours);
  const terms = numerators(w, sums.intensity, sums.price, use, hours);
  return divideHalfEven(terms.carbon + terms.price + terms.utilisation, 100_000n * BigInt(use.gpus) * hours);
}

function numerators(w: Weights, intensity: bigint, price: bigint, use: { reserved: number; gpus: number }, hours: bigint) {
  const gpus = BigInt(use.gpus);
  return {
    carbon: BigInt(w.carbon) * intensity * 200n * gpus,
    price: BigInt(w.price) * price * gpus,
    utilisation: BigInt(w.utilisation) * 100_000_000n * BigInt(use.reserved) * hours,
  };
}

/** What breaks ties between equal scores, in this order (W-59). */
export interface TieBreak {
  readonly priceMicroUsdPerMwh: number;
  readonly reserved: number;
  readonly gpus: number;
  readonly trust: number;
  readonly slug: string;
}

/** Lower price, lower utilisation, higher trust, slug by code unit: never by locale, which differs between machines. */
export function compareTies(a: TieBreak, b: TieBreak): number {
  return a.priceMicroUsdPerMwh - b.priceMicroUsdPerMwh
    || a.reserved * b.gpus - b.reserved * a.gpus
    || b.trust - a.trust
    || (a.slug < b.slug ? -1 : a.slug > b.slug ? 1 : 0);
}

/** W-73: at least the share of the present score, and never less than 0.02, which is what counts near and below zero. */
export const neededE6 = (currentE6: bigint, thresholdE3: number): bigint => {
  const share = divideHalfEven((currentE6 < 0n ? -currentE6 : currentE6) * BigInt(thresholdE3), 1_000n);
  return share > 20_000n ? share : 20_000n;
};
