import { proxyActivities } from '@temporalio/workflow';
import type { EventActivities } from '#activities/grid/event.activities';

const RETRY = { initialInterval: '200ms', maximumInterval: '5s' } as const;
const QUICK = { startToCloseTimeout: '15s', retry: RETRY } as const;
/** Decides a page of workloads in one transaction: longer, because stopping half-way would decide nothing. */
const DECIDING = { startToCloseTimeout: '30s', retry: RETRY } as const;
/** Watches answers come in; a worker that died while watching is noticed by its missing heartbeats. */
const WATCHING = { startToCloseTimeout: '60s', heartbeatTimeout: '10s', retry: RETRY } as const;

/** The steps of the incident agent: each may run twice, and the summary is what an operator reads beside it. */
export const { recordState } = proxyActivities<EventActivities>({ ...QUICK, summary: 'Write the new state' });
export const { pickAffected } = proxyActivities<EventActivities>({ ...QUICK, summary: 'Look for the work that this concerns' });
export const { decidePage } = proxyActivities<EventActivities>({ ...DECIDING, summary: 'Decide what each workload does' });
export const { tellAndCollect } = proxyActivities<EventActivities>({ ...WATCHING, summary: 'Tell the workloads and wait for their answers' });
export const { tellOver } = proxyActivities<EventActivities>({ ...WATCHING, summary: 'Call paused work back at the pace of the zone' });
export const { rollOver } = proxyActivities<EventActivities>({ ...QUICK, summary: 'Hand the event on to its successor' });
export const { letGo } = proxyActivities<EventActivities>({ ...QUICK, summary: 'Ask nobody else' });
export const { wakeQueued } = proxyActivities<EventActivities>({ ...QUICK, summary: 'Wake the work that waits for a node' });
export const { measureResponse } = proxyActivities<EventActivities>({ ...QUICK, summary: 'Measure how much load went away' });
