import { expect, test } from 'vitest';
import { severityOf } from './alert.ts';
import { ALERT_KINDS, SPOKEN, type AlertKind } from './kinds.ts';

/** W-112, copied from its text. */
const W112: Record<string, string> = {
  info: 'grid.absorb',
  warning: 'grid.carbon_spike, grid.price_spike, grid.stale_signal, node.silent, workload.failed, workload.expired, workload.deadline_risk, workload.carbon_unknown, workload.budget_80, settlement.loss',
  critical: 'grid.shed, node.offline, node.quarantined, workload.budget_100, event.no_answer',
};

test.each(Object.entries(W112))('%s: %s', (severity, kinds) => {
  const found = (Object.keys(ALERT_KINDS) as AlertKind[]).filter((kind) => severityOf(kind) === severity);
  expect(found.sort()).toEqual(kinds.split(', ').sort());
});

test('the table cannot be changed at run time', () => {
  expect(Object.isFrozen(ALERT_KINDS)).toBe(true);
  expect(SPOKEN).toEqual(['grid.absorb', 'grid.carbon_spike', 'grid.shed']);
});
