import { GRID_ZONES } from '#domain/grid/zones';
import { sourcesNamed, type SourceChains } from '#platform/config/grid-sources';
import { makeSources, type GridSources } from './make-sources.ts';

export interface ConfiguredGrid {
  readonly gridSources: SourceChains;
  readonly gridIntervalS: number;
  readonly gridSourceStepS: number;
  readonly gridSeed: number;
  readonly gridReplayFile: string | undefined;
  readonly gridReplayStart: Date | string | undefined;
  readonly gridReplayLoop: boolean;
}

/** The sources as the environment names them: the same for the seed and for the worker. */
export const gridSourcesOf = (config: ConfiguredGrid): Promise<GridSources> =>
  makeSources({
    names: sourcesNamed(config.gridSources),
    zones: new Set(GRID_ZONES.map(({ zone }) => zone)),
    intervalS: config.gridIntervalS,
    stepS: config.gridSourceStepS,
    seed: config.gridSeed,
    replayLoop: config.gridReplayLoop,
    ...(config.gridReplayFile !== undefined && { replayFile: config.gridReplayFile }),
    ...(config.gridReplayStart !== undefined && { replayStart: new Date(config.gridReplayStart).getTime() }),
  });
