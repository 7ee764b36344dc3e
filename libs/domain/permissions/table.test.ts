import { describe, expect, test } from 'vitest';
import { isPermission, OPERATOR_KEY_PERMISSIONS, ORG_KEY_PERMISSIONS, ORG_PERMISSIONS, PLATFORM_PERMISSIONS } from './catalogue.ts';

/** The rows of P-31, written down a second time by section, and whether a key of an organisation may hold them (P-28). */
const P31: readonly (readonly [names: string, forKeys: boolean])[] = [
  ['org.read team.read project.read model.read limit.read budget.read usage.read workload.read receipt.read grid.read alert.read', true],
  ['org.delete org.owner.assign payout.address.write', false],
  ['org.update security.write sso.write session.manage support.consent', true],
  ['security.read sso.read audit.read audit.export', true],
  ['member.read role.read serviceaccount.read config.read', true],
  ['member.invite team.write project.write serviceaccount.write', true],
  ['member.role.write member.suspend member.remove role.write', true],
  ['apikey.read apikey.create apikey.rotate apikey.revoke', true],
  ['budget.write budget.override.approve notification.channel.write provider.write budget.override.request', true],
  ['inference.use routing.dry-run workload.create workload.control alert.acknowledge', true],
  ['model.allow routing.write limit.write config.write config.apply model.register model.promote model.promote.approve model.rollback', true],
  ['routing.read reliability.read request.read', true],
  ['usage.export provider.read site.read mrv.read credit.read', true],
  ['invoice.read payout.read ledger.read billing.write', true],
  ['node.read node.write credit.submit credit.transfer credit.retire', true],
  ['site.write meter.write mrv.write', true],
  ['mrv.verify', false],
];
const words = (names: string) => names.split(' ');
const sorted = (names: readonly string[]) => [...names].sort();

describe('P-31: the catalogue is the page\'s table', () => {
  test('no entry more, none less', () => expect(sorted(ORG_PERMISSIONS)).toEqual(sorted(P31.flatMap(([names]) => words(names)))));

  test.each(P31)('%s: a key may hold it is %s', (names, forKeys) => {
    expect(words(names).filter((name) => (ORG_KEY_PERMISSIONS as readonly string[]).includes(name))).toEqual(forKeys ? words(names) : []);
  });
});

describe('P-33: platform roles', () => {
  test.each([
    ['platform-admin', 'platform.admin platform.org.write platform.identity.recover'],
    ['platform-operator', 'platform.operate platform.factors.publish platform.mrv.publish platform.mrv.resolve platform.histories.read'],
    ['platform-finance', 'platform.usage.read platform.override.approve platform.billing.operate platform.payout.approve'],
    ['platform-support', 'platform.org.read platform.impersonate'],
    ['platform-auditor', 'platform.audit.read platform.usage.read'],
  ])('%s: all it holds can be asked for, and by no organisation', (_role, names) => {
    expect(words(names).filter((name) => !(PLATFORM_PERMISSIONS as readonly string[]).includes(name) || (ORG_PERMISSIONS as readonly string[]).includes(name))).toEqual([]);
  });

  test.each(['platform.admin', 'platform.org.write', 'platform.identity.recover', 'platform.impersonate', 'platform.billing.operate', 'platform.override.approve', 'platform.factors.publish'] as const)('the operator\'s key does not hold %s', (name) => {
    expect(OPERATOR_KEY_PERMISSIONS).not.toContain(name);
  });
});

test.each(['__proto__', 'hasOwnProperty', 'workload.read ', ' workload.read', 'WORKLOAD.READ', 'workload', 'workload.read.write', 'platform', 'платформ.admin'])('%j is no permission', (text) => expect(isPermission(text)).toBe(false));
