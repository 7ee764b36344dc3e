import { describe, expect, test } from 'vitest';
import { ORG_PERMISSIONS, PLATFORM_PERMISSIONS } from '../permissions/catalogue.ts';
import { attemptedAction } from './actions.ts';

/** The sections of P-64, written down a second time. */
const P64 = `org member role team serviceaccount session mfa account sso apikey oauth_client budget limit model routing deployment project connection billing payout ledger
  factor receipt workload node grid_event policy alert demo site meter mrv credit report webhook config export retention recovery codec support inference access platform breakglass audit`.split(/\s+/);

describe('attempted actions (P-63, P-64)', () => {
  test.each([...ORG_PERMISSIONS, ...PLATFORM_PERMISSIONS, 'none'])('a refusal for want of %s has an action of the closed list', (permission) => {
    const action = attemptedAction(permission);
    expect(P64).toContain(action.split('.')[0]);
    expect(action).toMatch(/^[a-z_]+\.[a-z0-9._-]+$/);
  });

  test('a permission that is an action already stays what it is', () => {
    expect(attemptedAction('workload.create')).toBe('workload.create');
    expect(attemptedAction('grid.read')).toBe('grid_event.read');
    expect(attemptedAction('none')).toBe('access.read');
  });
});
