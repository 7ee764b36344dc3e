import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing: () => Promise<void> }>({ startToCloseTimeout: '10s', heartbeatTimeout: '5s' });

/** The reference of W-139: as many activities as a workload's happy path has, each of which does nothing. */
export async function empty(activities: number): Promise<void> {
  for (let i = 0; i < activities; i += 1) await nothing();
}
