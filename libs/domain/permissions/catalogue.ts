/**
 * The one list of permissions (P-29, P-31, P-33): guard, OpenAPI document, seed and tests read it. Which role holds which comes
 * with roles; here stands what may be asked for at all.
 */
export const ORG_PERMISSIONS = [
  'org.read', 'team.read', 'project.read', 'model.read', 'limit.read', 'budget.read', 'usage.read', 'workload.read', 'receipt.read', 'grid.read', 'alert.read',
  'org.delete', 'org.owner.assign', 'payout.address.write',
  'org.update', 'security.write', 'sso.write', 'session.manage', 'support.consent',
  'security.read', 'sso.read', 'audit.read', 'audit.export',
  'member.read', 'role.read', 'serviceaccount.read', 'config.read',
  'member.invite', 'team.write', 'project.write', 'serviceaccount.write',
  'member.role.write', 'member.suspend', 'member.remove', 'role.write',
  'apikey.read', 'apikey.create', 'apikey.rotate', 'apikey.revoke',
  'budget.write', 'budget.override.approve', 'notification.channel.write', 'provider.write', 'budget.override.request',
  'inference.use', 'routing.dry-run', 'workload.create', 'workload.control', 'alert.acknowledge',
  'model.allow', 'routing.write', 'limit.write', 'config.write', 'config.apply',
  'model.register', 'model.promote', 'model.promote.approve', 'model.rollback',
  'routing.read', 'reliability.read', 'request.read',
  'usage.export', 'provider.read', 'site.read', 'mrv.read', 'credit.read',
  'invoice.read', 'payout.read', 'ledger.read', 'billing.write',
  'node.read', 'node.write', 'credit.submit', 'credit.transfer', 'credit.retire',
  'site.write', 'meter.write', 'mrv.write', 'mrv.verify',
] as const;

export const PLATFORM_PERMISSIONS = [
  'platform.admin', 'platform.org.write', 'platform.identity.recover', 'platform.operate', 'platform.factors.publish', 'platform.mrv.publish',
  'platform.mrv.resolve', 'platform.histories.read', 'platform.usage.read', 'platform.override.approve', 'platform.billing.operate',
  'platform.payout.approve', 'platform.org.read', 'platform.impersonate', 'platform.audit.read',
] as const;

export type Permission = (typeof ORG_PERMISSIONS)[number] | (typeof PLATFORM_PERMISSIONS)[number];

/** Needs a person or an owner: a key of an organisation never holds these (P-28, P-31). */
const NOT_FOR_KEYS: ReadonlySet<string> = new Set(['org.delete', 'org.owner.assign', 'payout.address.write', 'mrv.verify']);

/** What a whole organisation's own key may do: everything a key can hold, nothing of the platform's. */
export const ORG_KEY_PERMISSIONS: readonly Permission[] = ORG_PERMISSIONS.filter((permission) => !NOT_FOR_KEYS.has(permission));

/** The operator's key (P-33, platform-operator), and reading what every organisation may read of grid and fleet. */
export const OPERATOR_KEY_PERMISSIONS: readonly Permission[] = [
  'platform.operate', 'platform.histories.read', 'platform.audit.read', 'grid.read', 'node.read', 'org.read', 'alert.read', 'alert.acknowledge',
];

const KNOWN: ReadonlySet<string> = new Set([...ORG_PERMISSIONS, ...PLATFORM_PERMISSIONS]);
export const isPermission = (text: string): text is Permission => KNOWN.has(text);
