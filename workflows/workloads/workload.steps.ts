import { proxyActivities } from '@temporalio/workflow';
import type { WorkloadActivities } from '#activities/workloads/workloads.activities';

const QUICK = { startToCloseTimeout: '10s', retry: { initialInterval: '200ms', maximumInterval: '5s' } } as const;
/** Speaks with a node: each answer within 5 s, but a checkpoint takes its time. */
const NODE = { startToCloseTimeout: '10m', heartbeatTimeout: '15s', retry: { initialInterval: '500ms', maximumInterval: '5s' } } as const;
/** As long as a job runs, or its last reports are under way; a lost worker is noticed by the missing heartbeat. */
const WATCH = { startToCloseTimeout: '2h', heartbeatTimeout: '15s', retry: { initialInterval: '200ms', maximumInterval: '2s' } } as const;

/** The steps of a workload: none gives up, each may run twice, and the summary is what an operator reads beside it. */
export const { place } = proxyActivities<WorkloadActivities>({ ...QUICK, summary: 'Choose a node and reserve its GPUs' });
export const { decideReroute, decideLeave } = proxyActivities<WorkloadActivities>({ ...QUICK, summary: 'Decide where it goes on' });
export const { answerEvent } = proxyActivities<WorkloadActivities>({ ...QUICK, summary: 'Answer the grid event' });
export const { amend } = proxyActivities<WorkloadActivities>({ ...QUICK, summary: 'Write the new budget and labels' });
export const { startJob } = proxyActivities<WorkloadActivities>({ ...NODE, summary: 'Start the job on the node' });
export const { checkpointSource } = proxyActivities<WorkloadActivities>({ ...NODE, summary: 'Save the job where it runs' });
export const { dropTarget, stopSource } = proxyActivities<WorkloadActivities>({ ...NODE, summary: 'Give back what is no longer needed' });
export const { pauseJob } = proxyActivities<WorkloadActivities>({ ...NODE, summary: 'Save the job and free its GPUs' });
export const { stopJob } = proxyActivities<WorkloadActivities>({ ...NODE, summary: 'Stop the work' });
export const { followJob } = proxyActivities<WorkloadActivities>({ ...WATCH, summary: 'Watch the job' });
export const { settle } = proxyActivities<WorkloadActivities>({ ...WATCH, summary: 'Wait for the energy reports and write the books' });
