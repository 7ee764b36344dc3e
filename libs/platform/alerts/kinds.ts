export type Severity = 'info' | 'warning' | 'critical';

/** W-112: every kind of alert and how grave it is. A kind that is missing here cannot be raised. */
export const ALERT_KINDS = Object.freeze({
  'grid.absorb': 'info',
  'grid.carbon_spike': 'warning',
  'grid.price_spike': 'warning',
  'grid.stale_signal': 'warning',
  'node.silent': 'warning',
  'workload.failed': 'warning',
  'workload.expired': 'warning',
  'workload.deadline_risk': 'warning',
  'workload.carbon_unknown': 'warning',
  'workload.budget_80': 'warning',
  'settlement.loss': 'warning',
  'grid.shed': 'critical',
  'node.offline': 'critical',
  'node.quarantined': 'critical',
  'workload.budget_100': 'critical',
  'event.no_answer': 'critical',
} as const satisfies Record<string, Severity>);

export type AlertKind = keyof typeof ALERT_KINDS;

/** W-112: these are read out, from templates (W-117). */
export const SPOKEN: readonly AlertKind[] = Object.freeze(['grid.absorb', 'grid.carbon_spike', 'grid.shed']);
