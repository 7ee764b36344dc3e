/** Sections of the closed list of audit actions (P-64) whose verbs are open; the verb says what was done or tried. */
const SECTIONS = [
  'org', 'member', 'role', 'team', 'serviceaccount', 'session', 'mfa', 'account', 'sso', 'apikey', 'oauth_client', 'budget', 'limit', 'model', 'routing', 'deployment',
  'project', 'connection', 'billing', 'payout', 'ledger', 'factor', 'receipt', 'workload', 'node', 'grid_event', 'policy', 'alert', 'demo', 'site', 'meter', 'mrv',
  'credit', 'report', 'webhook', 'config', 'export', 'retention', 'recovery', 'codec', 'support', 'inference', 'access', 'platform', 'breakglass', 'audit',
] as const;

export type AuditAction = `${(typeof SECTIONS)[number]}.${string}`;

const KNOWN: ReadonlySet<string> = new Set(SECTIONS);
/** Permissions that are named after something wider than what they act on. */
const RENAMED: Readonly<Record<string, AuditAction>> = { grid: 'grid_event.read', usage: 'report.read', security: 'org.update', invoice: 'billing.read', provider: 'connection.read', request: 'routing.read', reliability: 'routing.read' };

/** The action that a refused request attempted, from the permission it lacked. */
export function attemptedAction(permission: string): AuditAction {
  const [section = '', verb = 'read'] = permission.split('.', 2);
  if (KNOWN.has(section)) return permission as AuditAction;
  return RENAMED[section] ?? `access.${verb}`;
}
