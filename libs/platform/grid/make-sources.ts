import { HOUR_MS } from '#domain/grid/simulate';
import type { Pace } from '#domain/grid/clock';
import type { ReplayFile } from '#domain/grid/replay-csv';
import { createReplaySource, loadReplayFile } from './replay.ts';
import { createSimulatedSource } from './simulated.ts';
import type { GridSource } from './source.ts';

export interface GridSettings {
  /** Names that `GRID_SOURCES` uses, for any zone. */
  readonly names: ReadonlySet<string>;
  readonly zones: ReadonlySet<string>;
  readonly intervalS: number;
  readonly stepS: number;
  readonly seed: number;
  readonly replayFile?: string;
  /** Milliseconds since 1970; default: the file's first hour. */
  readonly replayStart?: number;
  readonly replayLoop?: boolean;
}

export interface GridSources {
  readonly byName: ReadonlyMap<string, GridSource>;
  readonly pace: Pace;
  readonly replayFirstHour?: number;
  /** Columns of the replay file that nobody reads: named once, at start (W-42). */
  readonly ignoredColumns: readonly string[];
}

/** Makes each source that is named, once per process: a replay file is read here and kept. */
export async function makeSources({ names, zones, intervalS, stepS, seed, replayFile, replayStart, replayLoop = false }: GridSettings): Promise<GridSources> {
  const byName = new Map<string, GridSource>();
  let pace: Pace = { intervalS, stepS };
  let file: ReplayFile | undefined;
  for (const name of names) {
    if (name === 'simulated') byName.set(name, createSimulatedSource(seed));
    else if (name === 'replay') {
      if (!replayFile) throw new Error('GRID_SOURCES names replay: set GRID_REPLAY_FILE to an hourly CSV file');
      file = await loadReplayFile(replayFile, zones);
      byName.set(name, createReplaySource(file, replayFile));
      const start = Math.floor((replayStart ?? file.firstHour) / HOUR_MS) * HOUR_MS;
      pace = { ...pace, replay: { start, lastHour: file.lastHour, loop: replayLoop } };
    } else throw new Error(`this release has no adapter for the grid source "${name}": take it out of GRID_SOURCES`);
  }
  return { byName, pace, ignoredColumns: file?.ignoredColumns ?? [], ...(file && { replayFirstHour: file.firstHour }) };
}

/** A zone's chain, in its order; a name without a source here is left out. */
export const chainOf = (byName: ReadonlyMap<string, GridSource>, names: readonly string[]): GridSource[] =>
  names.flatMap((name) => byName.get(name) ?? []);
