import type { Database } from '#platform/db/in-org';
import { release, releaseAll } from './reservations.sql.ts';

/** Gives GPUs back after the segment has ended: of one segment, or whatever the workload still holds. Twice is once. */
export const free = ({ statement }: Database, workloadId: string, segment?: number) =>
  statement(segment === undefined ? releaseAll(workloadId) : release(workloadId, segment));
