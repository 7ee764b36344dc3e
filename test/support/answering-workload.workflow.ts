/** A stand-in for a workload's run: it does what an event asks at once and answers. The incident agent under test is the real one. */
import { condition, proxyActivities, setHandler } from '@temporalio/workflow';
import { gridEventClosed, gridEventOpened, type DecidedAction, type EventRef } from '#workflows/workloads/workload.messages';
import type { AnsweringActivities } from './answering-activities.ts';

export { gridEvent } from '#workflows/grid/event.workflow';

const { answerEvent, resumeAfter } = proxyActivities<AnsweringActivities>({ startToCloseTimeout: '10s', retry: { initialInterval: '100ms' } });

export async function workload({ orgId, workloadId }: { orgId: string; workloadId: string }): Promise<void> {
  const asked: (EventRef & DecidedAction)[] = [];
  let seen = 0;
  let over: { zone: string; eventId: string; resume: boolean } | null = null;
  setHandler(gridEventOpened, (event) => void (asked.some(({ eventId }) => eventId === event.eventId) || asked.push(event)));
  setHandler(gridEventClosed, (event) => void (over = event));
  for (;;) {
    await condition(() => asked.length > seen || over !== null);
    while (asked.length > seen) await answerEvent(orgId, workloadId, asked[seen++]!);
    if (over !== null) return over && (over as { resume: boolean }).resume ? resumeAfter(orgId, workloadId) : undefined;
  }
}
