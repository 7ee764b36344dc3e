import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Database } from '#platform/db/in-org';
import type { TemporalLink } from '#platform/temporal/link';
import type { WorkloadRow } from '#platform/workloads/row';
import { pause } from '#workflows/workloads/workload.messages';
import type { GatewayConfig } from '../config.ts';
import { WorkloadCommands } from './run-command.ts';

const refusedIn = (state: string) => new WorkflowUpdateFailedError('refused', ApplicationFailure.nonRetryable(`The workload is ${state}.`, 'invalid-transition', { state }));

/** A run that refuses so often before it answers, in the state that it knows. */
function commandsTo(refusals: readonly string[]) {
  const left = [...refusals];
  const executeUpdate = async () => {
    const state = left.shift();
    if (state) throw refusedIn(state);
    return { state: 'paused', changed: true };
  };
  const temporal = { assertAvailable: () => undefined, client: { workflow: { getHandle: () => ({ executeUpdate }) } } } as unknown as TemporalLink;
  const commands = new WorkloadCommands({} as Database, temporal, {} as GatewayConfig);
  return { left, pause: (state: string) => commands.run({ id: 'w', state } as WorkloadRow, 'pause', pause, { by: 'customer' }) };
}

test('a run that does not know yet that its job runs is told again', async () => {
  expect(await commandsTo(['placing', 'placing']).pause('running')).toEqual({ state: 'paused', changed: true });
});

test.each([['its row does not say running', 'placing', 'placing'], ['the run is further than its row', 'running', 'settling']])('a refusal stands where %s', async (_where, row, run) => {
  const { left, pause: paused } = commandsTo([run, run]);
  await expect(paused(row)).rejects.toThrow('refused');
  expect(left).toHaveLength(1);
});

test('a run that never comes to know it refuses in the end', async () => {
  await expect(commandsTo(Array.from({ length: 6 }, () => 'placing')).pause('running')).rejects.toThrow('refused');
});
