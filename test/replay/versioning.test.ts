import { expect, test, vi } from 'vitest';
import * as registry from '#workflows/registry';

const deployment = vi.hoisted(() => ({ name: '' }));
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  workflowInfo: () => ({ currentDeploymentVersion: deployment.name ? { deploymentName: deployment.name, buildId: 'b' } : undefined }),
}));

/** O-56: what is over within two days ends on the version that it began with; what lives for weeks, or for ever, is taken over by the next. */
const BEHAVIOUR = { workload: 'AUTO_UPGRADE', gridEvent: 'PINNED', gridZone: 'AUTO_UPGRADE' };
const declared = () => Object.fromEntries(Object.entries(registry).map(([type, run]) => [type, (run as { workflowDefinitionOptions?: () => { versioningBehavior?: string } }).workflowDefinitionOptions?.()]));

test('O-55, O-56: every type says its versioning behaviour to a worker of a deployment', () => {
  deployment.name = 'wattbook-worker';
  expect(declared()).toEqual(Object.fromEntries(Object.entries(BEHAVIOUR).map(([type, versioningBehavior]) => [type, { versioningBehavior }])));
});

test('and none to a worker without one, whose tasks the server would refuse', () => {
  deployment.name = '';
  expect(declared()).toEqual(Object.fromEntries(Object.keys(BEHAVIOUR).map((type) => [type, {}])));
});
