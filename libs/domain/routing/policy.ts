import { formatDecimal } from '#domain/quantities/decimal';
import type { Basis } from './words.ts';

/** Thousandths; they sum to 1,000. */
export interface Weights {
  readonly carbon: number;
  readonly price: number;
  readonly utilisation: number;
}

/** A version of a policy, as it is carried through the whole life of a workload (W-58). */
export interface PolicyInForce {
  readonly name: 'balanced' | 'carbon' | 'cost' | 'custom';
  readonly version: number;
  readonly weights: Weights;
  readonly basis: Basis;
  /** `reroute_threshold` in thousandths, 0–900. */
  readonly thresholdE3: number;
  readonly maxMoves: number;
  readonly comparisonWindowH: number;
  /** `wait_min_saving` in thousandths. */
  readonly waitMinSavingE3: number;
}

export type PolicyName = Exclude<PolicyInForce['name'], 'custom'>;
export interface WeightsInput {
  readonly w_c: number;
  readonly w_p: number;
  readonly w_u: number;
}
export type ParsedPolicy = { readonly policy: PolicyInForce } | { readonly error: 'bad-weights'; readonly detail: string };

const WEIGHTS: Record<PolicyName, Weights> = {
  balanced: { carbon: 600, price: 300, utilisation: 100 },
  carbon: { carbon: 1_000, price: 0, utilisation: 0 },
  cost: { carbon: 0, price: 1_000, utilisation: 0 },
};

/** The values beside the weights, where nobody set others (W-58). */
export const POLICY_DEFAULTS = { version: 1, basis: 'average_lifecycle', thresholdE3: 250, maxMoves: 5, comparisonWindowH: 3, waitMinSavingE3: 50 } as const;

export const namedPolicy = (name: PolicyName, over: Partial<Omit<PolicyInForce, 'name' | 'weights'>> = {}): PolicyInForce =>
  ({ ...POLICY_DEFAULTS, ...over, name, weights: WEIGHTS[name] });

/** A name or `{w_c, w_p, w_u}` of a request. A weight below 0, finer than 3 decimals, or a sum other than 1 is `bad-weights` (422). */
export function parsePolicy(input: PolicyName | WeightsInput, over: Partial<Omit<PolicyInForce, 'name' | 'weights'>> = {}): ParsedPolicy {
  if (typeof input === 'string') return { policy: namedPolicy(input, over) };
  const [carbon, price, utilisation] = [thousandths(input.w_c), thousandths(input.w_p), thousandths(input.w_u)];
  if (carbon === null || price === null || utilisation === null) return bad('each of w_c, w_p and w_u must be 0 to 1 with at most 3 decimals');
  const total = carbon + price + utilisation;
  if (total !== 1_000) return bad(`w_c + w_p + w_u must be 1, they are ${formatDecimal(BigInt(total), 3)}`);
  return { policy: { ...POLICY_DEFAULTS, ...over, name: 'custom', weights: { carbon, price, utilisation } } };
}

/** W-60: 200 × w_c ÷ w_p USD/t, or none where money has no weight. In millionths of a dollar per tonne. */
export const impliedCarbonPriceMicroUsdPerTonne = ({ carbon, price }: Weights): number | null => (price === 0 ? null : Math.round((200_000_000 * carbon) / price));

/** Reads the shortest decimal text of the number, so that 0.3 is 300 and no float error decides. */
function thousandths(weight: number): number | null {
  const match = /^([01])(?:\.(\d{1,3}))?$/.exec(String(weight));
  return match ? Number(match[1]) * 1_000 + Number((match[2] ?? '').padEnd(3, '0')) : null;
}

const bad = (detail: string): ParsedPolicy => ({ error: 'bad-weights', detail });
