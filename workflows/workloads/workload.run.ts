import { CancellationScope, condition, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { WorkloadEvent } from '#domain/workload/states';
import { workloadStateAttribute, zoneAttribute } from '../common/attributes.messages.ts';
import type { TargetSegment, WorkloadInput, WorkloadLimits } from './workload.messages.ts';
import { ACCEPTED, advance, emptyInbox, inWords, type Life, type WorkloadView } from './workload.state.ts';
import { followJob } from './workload.steps.ts';

/** One run's state and the two things that every step does with it. */
export interface Run extends Life {
  readonly ref: { readonly orgId: string; readonly workloadId: string };
  readonly limits: WorkloadLimits;
  readonly startedAtMs: number;
  /** Changes the state, and says so to whoever looks at the run. */
  readonly on: (event: WorkloadEvent, change?: Partial<WorkloadView>) => void;
  /** Watches the job of the segment in force, once; what came of it lies in the inbox. */
  readonly watch: (node: TargetSegment) => void;
}

export function begin({ orgId, workloadId, limits, carried }: WorkloadInput, nowMs: number): Run {
  const startedAtMs = carried?.startedAtMs ?? nowMs;
  let watched = 0;
  const run: Run = {
    ref: { orgId, workloadId }, limits, startedAtMs, lifeEndsMs: startedAtMs + limits.maxLifetimeMs,
    view: carried?.view ?? ACCEPTED, inbox: emptyInbox(carried?.answeredEvents),
    on: (event, change) => {
      run.view = advance(run.view, event, change);
      if (event === 'started') run.inbox.routeNow = false;
      const { state, node } = run.view;
      upsertSearchAttributes([{ key: workloadStateAttribute, value: state }, ...(node ? [{ key: zoneAttribute, value: node.zone }] : [])]);
      setCurrentDetails(inWords(run.view));
    },
    watch: (node) => {
      if (watched === node.segment) return;
      watched = node.segment;
      // Outlives a cancellation of the run: until the books are written, somebody looks after the job.
      void CancellationScope.nonCancellable(() => followJob({ ...run.ref, node, limits })).then((followed) => {
        const isInForce = run.view.node?.segment === node.segment;
        if (followed.outcome === 'unchanged' && isInForce) {
          watched = 0;
          run.watch(node);
        } else if (followed.outcome !== 'superseded' && isInForce) run.inbox.followed = followed;
      });
    },
  };
  return run;
}

/** Does the work unless, or until, something makes it pointless: then the activity is told to stop, and nobody waits for it. */
export function unless<T>(pointless: () => boolean, work: () => Promise<T>): Promise<T | 'aborted'> {
  const scope = new CancellationScope();
  const abort = condition(pointless).then(() => {
    scope.cancel();
    return 'aborted' as const;
  });
  return Promise.race([scope.run(work), abort]);
}
