import { createCommands } from './commands.ts';
import type { WorkloadDeps } from './deps.ts';
import { createFollowJob } from './follow-job.ts';
import { createMove } from './move.ts';
import { createPauseJob } from './pause-job.ts';
import { createPlace } from './place.ts';
import { createRedecide } from './redecide.ts';
import { createReview } from './review.ts';
import { createSettle } from './settle.ts';
import { createStartJob } from './start-job.ts';
import { createStopJob } from './stop-job.ts';

export type WorkloadActivities = ReturnType<typeof createWorkloadActivities>;

/** Every method may run twice: each looks first for what an earlier try has written, keyed by workload and segment. */
export const createWorkloadActivities = (deps: WorkloadDeps) => ({
  place: createPlace(deps),
  ...createRedecide(deps),
  startJob: createStartJob(deps),
  followJob: createFollowJob(deps),
  ...createMove(deps),
  pauseJob: createPauseJob(deps),
  stopJob: createStopJob(deps),
  settle: createSettle(deps),
  ...createCommands(deps),
  reviewWorkloads: createReview(deps),
});
