import type { WorkKind } from '#domain/routing/words';

/**
 * What was ordered, as `workloads.spec` holds it: the body of W-81 with every default filled in. Limits of the budget, labels, policy
 * and name have columns of their own, because they change or are asked for by themselves.
 */
export interface WorkloadSpec {
  readonly kind: WorkKind;
  readonly program: WorkloadProgram | null;
  readonly resources: { readonly gpu_model?: string; readonly gpu_count: number; readonly gpu_memory_gb: number };
  readonly work: { readonly h100_seconds: number };
  readonly checkpoint: { readonly supported: boolean; readonly size_gb: number; readonly interval_s: number };
  /** RFC 3339 in UTC. */
  readonly schedule: { readonly not_before?: string; readonly deadline?: string; readonly hard_deadline: boolean; readonly flexible: boolean };
  readonly constraints: WorkloadConstraints;
  readonly shed_behaviour: 'move_or_pause' | 'move' | 'pause' | 'continue';
  /** For `job_error` only. */
  readonly retries: number;
  readonly verify: boolean;
}

export interface WorkloadConstraints {
  readonly zones?: readonly string[];
  readonly exclude_zones?: readonly string[];
  /** The organisation's where the order says nothing. */
  readonly residency: 'EU' | 'UK' | 'US' | 'any';
  readonly owner_kinds?: readonly ('owner_datacenter' | 'owner_gamer')[];
  /** Integer text. */
  readonly max_micro_usd_per_gpu_hour?: string;
  /** Decimal texts, at most 6 and 3 places. */
  readonly max_price_usd_per_mwh?: string;
  readonly max_intensity_g_per_kwh?: string;
  /** Decimal text 0–1, at most 3 places. */
  readonly min_trust?: string;
}

export interface WorkloadProgram {
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly secret_refs?: readonly string[];
  readonly input_uri?: string;
  readonly output_uri?: string;
}
