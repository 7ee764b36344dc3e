import type { Database } from '#platform/db/in-org';
import { release, releaseAll } from './reservations.sql.ts';

/** Gives GPUs back after the segment has ended: of one segment, or whatever the workload still holds. Twice is once. */
export const free = ({ inSystem }: Database, workloadId: string, segment?: number) =>
  inSystem((em) => (segment === undefined ? releaseAll(em, workloadId) : release(em, workloadId, segment)));
