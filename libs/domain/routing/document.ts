import type { Basis, ExclusionCounts, Quality } from './words.ts';

/** A signal for readers (W-1): a decimal with at most 3 places. */
export interface Shown {
  readonly value: string;
  readonly unit: 'gCO2e/kWh' | 'USD/MWh';
}

/** One node that could take the work, best first. Decimals are texts; `score` and `parts` have 6 places. */
export interface CandidateDocument {
  readonly node: string;
  readonly zone: string;
  readonly score: string | null;
  readonly parts: { readonly carbon: string; readonly price: string; readonly utilisation: string } | null;
  readonly intensity: Shown | null;
  readonly price: Shown | null;
  /** What the shown price is rounded from, and what the utilisation divides: a score recomputes from these exactly (W-77). */
  readonly price_micro_usd_per_mwh: string | null;
  readonly reserved: number;
  readonly gpus: number;
  readonly utilisation: string;
  readonly trust: string;
  readonly signal_refs: readonly string[];
  readonly quality: Quality | null;
  /** The expected objective over the whole work with its planned moves, in the policy's `objective_unit` (W-60, W-66). */
  readonly objective: string | null;
  /** Staying on this node to the end: grams, and rental + energy. Null where the zone has no signal. */
  readonly expected_ng: string | null;
  readonly expected_micro_usd: string;
  readonly expected_end: string;
}

/** A node in a role: chosen, second, current, or the home zone's. */
export interface SideDocument {
  readonly node: string;
  readonly zone: string;
  readonly expected_ng: string | null;
  readonly expected_micro_usd: string;
}

export interface AmountsDocument {
  readonly micro_usd: string;
  readonly ng: string;
}

/** W-76: everything a decision was made of, in the words of the API; plain JSON, stored and shown as it is. */
export interface DecisionDocument {
  readonly id: string;
  readonly workload_id: string;
  readonly org_id: string;
  readonly kind: 'place' | 'move' | 'wait' | 'keep' | 'event' | 'request' | 'replace';
  readonly trigger: string;
  readonly decided_at: string;
  readonly policy: {
    readonly name: string;
    readonly version: number;
    readonly weights: { readonly w_c: string; readonly w_p: string; readonly w_u: string };
    readonly basis: Basis;
    readonly threshold: string;
    readonly max_moves: number;
    readonly window: number;
    /** W-60, null where money has no weight. */
    readonly carbon_price_usd_per_tonne: string | null;
    readonly objective_unit: 'micro_usd' | 'ng';
  };
  readonly remaining: { readonly units: string; readonly energy_mj: string | null };
  readonly candidates: readonly CandidateDocument[];
  readonly candidates_total: number;
  readonly excluded: ExclusionCounts;
  readonly excluded_sample: readonly { readonly node: string; readonly constraint: string }[];
  readonly winner: SideDocument | null;
  readonly runner_up: SideDocument | null;
  readonly baseline: SideDocument | null;
  /** Why there is no baseline, or null. */
  readonly baseline_reason: string | null;
  readonly current: (SideDocument & { readonly score: string | null }) | null;
  /** Of the means over the comparison window (W-69); null for placements. */
  readonly improvement: string | null;
  readonly needed: string | null;
  readonly net_gain: AmountsDocument | null;
  readonly move_cost: AmountsDocument | null;
  /** Stays of the best plan: from which hour on in which zone. */
  readonly plan: readonly { readonly hour: number; readonly zone: string }[];
  /** While waiting: the latest start, the one hoped for, and what it is expected to save. */
  readonly starts_by: string | null;
  readonly best_start: string | null;
  readonly saving: string | null;
  readonly moves_used: number;
  readonly outcome: 'place' | 'wait' | 'queue' | 'move' | 'keep' | 'pause';
  readonly reason: string;
  readonly carbon_unknown: boolean;
  readonly shadow_of: string | null;
  readonly code_version: string;
  readonly inputs_sha256: string;
}
