/** Which intensity a policy counts (W-61); two bases never meet in one decision. */
export type Basis = 'average_lifecycle' | 'average_direct' | 'marginal';
export type Quality = 'final' | 'preliminary' | 'estimated' | 'fallback';
export type Region = 'EU' | 'UK' | 'US';
export type OwnerKind = 'owner_datacenter' | 'owner_gamer';
export type WorkKind = 'fine_tune' | 'training' | 'batch_inference' | 'embedding' | 'evaluation' | 'render' | 'custom';
export type NodeState = 'provisioning' | 'online' | 'degraded' | 'draining' | 'silent' | 'offline' | 'quarantined' | 'retired';
export type ForecastOrigin = 'source' | 'mean_7_days';

export type Constraint =
  | 'gpu_model' | 'gpu_memory' | 'capacity' | 'health' | 'residency' | 'zone' | 'owner_kind' | 'min_trust' | 'price_ceiling'
  | 'carbon_ceiling' | 'deadline' | 'event_shed' | 'no_signal' | 'budget';

export type ExclusionCounts = Partial<Record<Constraint, number>>;

/** Why nothing moves: `plan_later` also where the best plan never does; `firm_load` is `continue`, `asked_to_pause` is `pause` (W-81). */
export type KeepReason =
  | 'best_already' | 'below_threshold' | 'no_net_gain' | 'moves_used_up' | 'plan_later' | 'stale_signal' | 'no_candidate' | 'no_checkpoint'
  | 'firm_load' | 'asked_to_pause';
