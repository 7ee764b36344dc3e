import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

/** The zone and what an earlier run hands on; settings belong to the worker. */
export interface GridZoneInput {
  readonly zone: string;
  readonly carried?: ZoneRunView;
}

/** One run per zone, for ever. */
export const gridZoneWorkflowId = (zone: string) => `grid-zone/${zone}`;

/** What was stored, and where the zone stands since. Times are RFC 3339. */
export interface CycleResult {
  readonly intervalStart: string;
  readonly sourceTime: string;
  /** Who answered for the newest interval; null where nothing was due or nobody did. */
  readonly source: string | null;
  readonly rows: number;
  /** Ids of grid events. */
  readonly opened: readonly string[];
  readonly closed: readonly string[];
}

export interface TickResult extends CycleResult {
  /** Wall milliseconds, by the database's clock, until the next interval is due or a call ends. */
  readonly nextDueMs: number;
}

export interface ZoneRunView {
  readonly zone: string;
  readonly intervalStart: string | null;
  readonly sourceTime: string | null;
  readonly source: string | null;
  readonly rows: number;
  readonly openEvents: readonly string[];
  /** Why the last tick failed; null while all is well. */
  readonly trouble: string | null;
}

/** Updates: who steers a simulated grid needs the answer. `grid_cycle`: so many intervals at once (1–48). */
export const advanceZone = defineUpdate<CycleResult, [{ readonly steps: number }]>('advance');
/** Reads the present interval again, after an override began. */
export const refreshZone = defineUpdate<CycleResult>('refresh');

/** A signal: an event was called or cancelled, so its end may be nearer than the next interval. Twice changes nothing. */
export const callChanged = defineSignal('callChanged');

export const zoneView = defineQuery<ZoneRunView>('zone');
