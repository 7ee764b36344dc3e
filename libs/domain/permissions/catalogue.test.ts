import { expect, test } from 'vitest';
import { isPermission, OPERATOR_KEY_PERMISSIONS, ORG_KEY_PERMISSIONS, ORG_PERMISSIONS, PLATFORM_PERMISSIONS } from './catalogue.ts';

test('every permission is named once', () => {
  const all = [...ORG_PERMISSIONS, ...PLATFORM_PERMISSIONS];
  expect(new Set(all).size).toBe(all.length);
});

test('an organisation\'s key holds nothing of the platform\'s and nothing that needs a person', () => {
  expect(ORG_KEY_PERMISSIONS.filter((permission) => permission.startsWith('platform.'))).toEqual([]);
  for (const permission of ['org.delete', 'org.owner.assign', 'payout.address.write', 'mrv.verify'] as const) expect(ORG_KEY_PERMISSIONS).not.toContain(permission);
});

test('the operator\'s key cannot order work or touch money', () => {
  for (const permission of ['workload.create', 'workload.control', 'billing.write', 'platform.payout.approve'] as const) expect(OPERATOR_KEY_PERMISSIONS).not.toContain(permission);
});

test('the operator\'s key reads, acknowledges and operates; it changes nothing of an organisation\'s own', () => {
  expect(OPERATOR_KEY_PERMISSIONS.filter((permission) => !permission.startsWith('platform.') && !/\.(read|acknowledge)$/.test(permission))).toEqual([]);
});

test.each([...ORG_PERMISSIONS, ...PLATFORM_PERMISSIONS])('%s: a section and what is done there, in the words of the API', (permission) => {
  expect(permission).toMatch(/^[a-z]+(\.[a-z-]+){1,3}$/);
  expect(isPermission(permission)).toBe(true);
  expect(permission.startsWith('platform.')).toBe((PLATFORM_PERMISSIONS as readonly string[]).includes(permission));
});

test('whatever keys hold is in the catalogue, once', () => {
  for (const held of [ORG_KEY_PERMISSIONS, OPERATOR_KEY_PERMISSIONS]) {
    expect(held.filter((permission) => !isPermission(permission))).toEqual([]);
    expect(new Set(held).size).toBe(held.length);
  }
});

test.each([['workload.read', true], ['platform.operate', true], ['workload.*', false], ['', false], ['constructor', false]])('%s is a permission: %s', (text, known) => {
  expect(isPermission(text)).toBe(known);
});
